/** `npm run indexes`: builds every index that the models want and the database lacks. Safe to repeat. */
import { checkIndexes, connectDatabase, disconnectDatabase, ensureIndexes } from '#app/database.server.ts'
import { withDatabase } from './local/database.mjs'

await withDatabase(async () => {
  // An index over a large collection takes longer than any answer to a request may.
  await connectDatabase(undefined, { socketTimeoutMS: 0 })
  try {
    for (const index of await checkIndexes()) console.log(`  building ${index}`)
    await ensureIndexes()
    console.log('Every index is there.')
  } finally {
    await disconnectDatabase()
  }
})
