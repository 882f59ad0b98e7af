/** A child of `npm start`: creates the local installation's indexes, products, prices and demo user. Safe to repeat. */
import { markConfirmed } from '#app/auth/confirm-email.server.ts'
import { signUp } from '#app/auth/sign-up.server.ts'
import { EmailTaken } from '#app/auth/errors.ts'
import { ensurePrices } from '#app/billing/catalog/ensure-prices.server.ts'
import { connectDatabase, disconnectDatabase, ensureIndexes } from '#app/database.server.ts'
import { RateLimited } from '#app/http/errors.ts'
import type { Types } from 'mongoose'
import { comeBack, goBack, playHistory, secondsBehind } from './demo-history.ts'

const DEMO = { email: 'demo@example.com', name: 'Demo', password: process.env.DEMO_PASSWORD ?? '' }

try {
  await connectDatabase()
} catch (error) {
  console.error(`The database does not answer; is MONGODB_URI right? (${(error as Error).message})`)
  process.exit(1)
}
await ensureIndexes()
const isNew = (await secondsBehind()) !== null
if (isNew) await goBack()
const [, demo] = await Promise.all([ensurePrices(), ensureDemoUser()])
if (isNew) await comeBack()
await disconnectDatabase()
console.log(`Prepared: indexes, products and prices, ${demo}`)

async function ensureDemoUser(): Promise<string> {
  try {
    const { _id } = await signUp(DEMO)
    await markConfirmed(_id)
    return isNew ? `demo user ${await withHistory(_id)}` : 'demo user'
  } catch (error) {
    if (!(error instanceof EmailTaken || error instanceof RateLimited)) throw error
    return 'demo user (whose password was changed)'
  }
}

/** Optional: an installation also starts without the history. */
async function withHistory(_id: Types.ObjectId): Promise<string> {
  try {
    await playHistory(_id)
    return 'with a history'
  } catch (error) {
    console.error('The demo user has no history:', error)
    return 'without a history'
  }
}
