import mongoose, { type Model, type mongo, type Schema } from 'mongoose'

/**
 * Compiles a mongoose model once. In development the module is evaluated again after each edit; `overwriteModels` then
 * takes the new schema, where the usual `mongoose.models.X ??` would silently keep the old one.
 * The schema comes in as a plain object: comparing mongoose's schema types with each other costs the compiler minutes.
 */
export function defineModel<T>(name: string, schema: object): Model<T> {
  return mongoose.model<T>(name, schema as Schema<T>, undefined, {
    overwriteModels: process.env.NODE_ENV !== 'production',
  })
}

/**
 * The driver's own collection of a model. mongoose's wrapper around it adds a sixth to the time of a call, and its types
 * are looser.
 */
export function driverCollection<T extends mongo.Document>({ db, collection }: Model<T>): mongo.Collection<T> {
  if (!db.db) throw new mongoose.Error(`${collection.collectionName} needs a connection`)
  return db.db.collection<T>(collection.collectionName)
}

/** Every field is there, null for nothing: mongoose infers that those with a default may be missing. */
export type Complete<T> = { [Field in keyof T]-?: Exclude<T[Field], undefined> }
