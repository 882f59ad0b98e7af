/**
 * `npm run bench`: the cost of exactness. Measures side by side in rounds, because ratios hold on other machines and
 * absolute times do not. Uses a database of its own and drops it.
 */
import mongoose from 'mongoose'
import { connectDatabase, disconnectDatabase, ensureIndexes } from '#app/database.server.ts'
import { benchSpends } from './bench/spends.ts'
import { withDatabase } from './local/database.mjs'

await withDatabase(async () => {
  const uri = new URL(process.env.MONGODB_URI ?? '')
  uri.pathname = `/scrip-bench-${Date.now()}`
  await connectDatabase(uri.href)
  try {
    await ensureIndexes()
    await benchSpends(1, [1, 64, 256])
    await benchSpends(1_000, [1, 32, 128])
  } finally {
    await mongoose.connection.db?.dropDatabase()
    await disconnectDatabase()
  }
})
