import mongoose, { type Model, type QueryFilter } from 'mongoose'

const DUPLICATE_KEY = 11_000

/**
 * Stores a document unless there is one already, and leaves that one as it is.
 * @param filter a field with a unique index, which decides between two inserts at once
 * @returns whether it was stored now
 */
export async function insertOnce<T>(
  model: Model<T>,
  filter: NoInfer<QueryFilter<T>>,
  fields: NoInfer<Partial<T>>,
): Promise<boolean> {
  try {
    const { upsertedCount } = await model.updateOne(filter, { $setOnInsert: fields }, { upsert: true })
    return upsertedCount > 0
  } catch (error) {
    const isDuplicate = error instanceof mongoose.mongo.MongoServerError && error.code === DUPLICATE_KEY
    if (!isDuplicate) throw error
    return false
  }
}
