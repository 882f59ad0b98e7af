import mongoose, { type Model, type Schema } from 'mongoose'

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

/** Every field is there, null for nothing: mongoose infers that those with a default may be missing. */
export type Complete<T> = { [Field in keyof T]-?: Exclude<T[Field], undefined> }
