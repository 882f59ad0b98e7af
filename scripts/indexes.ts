/** `npm run indexes`: builds every index of the models and all sums of days that the database lacks. Safe to repeat. */
import { checkIndexes, connectDatabase, disconnectDatabase, ensureIndexes } from '#app/database.server.ts'
import { sumAllDays } from '#app/credits/sum-days.server.ts'
import { withDatabase } from './local/database.mjs'

await withDatabase(async () => {
  // Building an index over a large collection may exceed the time limit of a request.
  await connectDatabase(undefined, { socketTimeoutMS: 0 })
  try {
    for (const index of await checkIndexes()) console.log(`  building ${index}`)
    await ensureIndexes()
    await sumAllDays()
    console.log('Every index exists.')
  } finally {
    await disconnectDatabase()
  }
})
