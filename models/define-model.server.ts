import mongoose, { type Model, type Schema } from 'mongoose'

/**
 * Compiles a mongoose model once. In development the module is evaluated again after each edit; `overwriteModels` then
 * takes the new schema, where the usual `mongoose.models.X ??` would silently keep the old one.
 */
export function defineModel<T>(name: string, schema: Schema<T>): Model<T> {
  return mongoose.model<T>(name, schema, undefined, { overwriteModels: process.env.NODE_ENV !== 'production' })
}
