/** A child of `npm start`: gives the local installation its indexes, products, prices and demo user. Safe to repeat. */
import { markConfirmed } from '#app/auth/confirm-email.server.ts'
import { signUp } from '#app/auth/sign-up.server.ts'
import { EmailTaken } from '#app/auth/errors.ts'
import { ensurePrices } from '#app/billing/ensure-prices.server.ts'
import { connectDatabase, disconnectDatabase, ensureIndexes } from '#app/database.server.ts'
import { RateLimited } from '#app/http/errors.ts'

const DEMO = { email: 'demo@scrip.test', name: 'Demo', password: process.env.DEMO_PASSWORD ?? '' }

try {
  await connectDatabase()
} catch (error) {
  console.error(`The database does not answer; is MONGODB_URI right? (${(error as Error).message})`)
  process.exit(1)
}
await ensureIndexes()
const [, demo] = await Promise.all([ensurePrices(), ensureDemoUser()])
await disconnectDatabase()
console.log(`Prepared: indexes, products and prices, ${demo}`)

async function ensureDemoUser(): Promise<string> {
  try {
    const { _id } = await signUp(DEMO)
    await markConfirmed(_id)
    return 'demo user'
  } catch (error) {
    if (!(error instanceof EmailTaken || error instanceof RateLimited)) throw error
    return 'demo user (whose password was changed)'
  }
}
