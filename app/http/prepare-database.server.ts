import mongoose from 'mongoose'
import { config, InvalidConfig } from '../config.server.ts'
import { checkIndexes, ensureIndexes } from '../database.server.ts'

/**
 * Checks that every unique index exists before the first request: without them a payment could be granted twice. Local mode
 * and an empty database get missing indexes; a production database in use is never changed at startup.
 * @throws InvalidConfig naming the missing indexes
 */
export async function prepareDatabase(): Promise<void> {
  if (config().isLocal || (await isEmpty())) return ensureIndexes()
  const missing = (await checkIndexes()).filter((index) => index.endsWith('(unique)'))
  if (missing.length === 0) return
  const lines = missing.map((index) => `  ${index}`)
  throw new InvalidConfig(
    ['The database lacks unique indexes:', ...lines, 'Build them with `npm run indexes`, then start again.'].join('\n'),
  )
}

async function isEmpty(): Promise<boolean> {
  const collections = await mongoose.connection.listCollections()
  return collections.length === 0
}
