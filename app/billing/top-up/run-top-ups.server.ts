import { type OpenTopUp, type TopUp, TopUpModel } from '#models/top-up.server.ts'
import { eachChangedAccount } from '../../changed-accounts.server.ts'
import { now } from '../../clock.server.ts'
import { logger } from '../../log.server.ts'
import { beginTopUp, LEASE_MS } from './begin-top-up.server.ts'
import { cancelOpen } from './cancel-open.server.ts'
import { payTopUp } from './pay-top-up.server.ts'
import { changeTopUp, readTopUp } from './store.server.ts'
import { monthOf } from './terms.ts'

const CURSOR = 'top-ups'
/** Of each kind in one run; the next run takes the others. */
const AT_ONCE = 100

/**
 * Buys packs for the accounts whose balance has fallen below their threshold since the last run, and continues top-ups
 * that a process left open. Several processes may run it at once.
 * @returns how many top-ups were worked on, and how many could not be finished
 */
export async function runTopUps(): Promise<{ paid: number; failed: number }> {
  const seen = { paid: 0, failed: 0 }
  const attempt = async (topUp: TopUp, run: (topUp: TopUp) => Promise<boolean>): Promise<number> => {
    try {
      seen.paid += (await run(topUp)) ? 1 : 0
      return 0
    } catch (error) {
      seen.failed++
      logger.error({ err: error, userId: topUp._id.toHexString() }, 'A top-up could not be finished; it is tried again')
      return 1
    }
  }
  for (const topUp of await find({ 'open.leaseUntil': { $lt: now() } })) await attempt(topUp, goOn)
  for (const topUp of await find({ nextTryAt: { $lte: now() }, status: 'on' })) await attempt(topUp, topUpIfLow)
  await eachChangedAccount(CURSOR, async (accounts) => {
    let failed = 0
    const changed = { _id: { $in: accounts.map(({ _id }) => _id) }, status: 'on' as const, open: null }
    for (const topUp of await TopUpModel.find(changed).lean<TopUp[]>()) failed += await attempt(topUp, topUpIfLow)
    return failed
  })
  return seen
}

async function topUpIfLow(topUp: TopUp): Promise<boolean> {
  const begun = await beginTopUp(topUp)
  if (begun) await payTopUp(begun)
  return begun !== null
}

/** Its process died, Stripe did not answer, or the customer did not confirm it in time. */
async function goOn(topUp: TopUp): Promise<boolean> {
  if (!topUp.open) return false
  if (topUp.status !== 'on') {
    await cancelOpen(topUp)
    return false
  }
  // It counts in an earlier month: what is charged now must count in this one.
  if (topUp.open.begunAt < monthOf(topUp, now()).start) {
    await cancelOpen(topUp)
    const canceled = await readTopUp(topUp._id)
    return canceled !== null && topUpIfLow(canceled)
  }
  const open: OpenTopUp = { ...topUp.open, leaseUntil: new Date(now().getTime() + LEASE_MS) }
  const mine = await changeTopUp(topUp, { open })
  if (mine) await payTopUp({ ...mine, open })
  return mine !== null
}

const find = (filter: object): Promise<TopUp[]> => TopUpModel.find(filter).limit(AT_ONCE).lean<TopUp[]>().exec()
