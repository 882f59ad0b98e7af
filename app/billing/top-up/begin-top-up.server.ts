import type { OpenTopUp, TopUp } from '#models/top-up.server.ts'
import { now } from '../../clock.server.ts'
import { getBalance } from '../../credits/balance.server.ts'
import { notifyLimit } from './end-top-up.server.ts'
import { changeTopUp } from './store.server.ts'
import { countedIn, monthOf, nextMonth, packOf } from './terms.ts'

/** How long a process may work on a top-up before another one continues it. */
export const LEASE_MS = 5 * 60 * 1000

/**
 * Begins a top-up if the balance is below its threshold. One write decides it and counts it in the month, fenced by the
 * version that was read before the balance: so one fall begins one top-up, whatever number of processes sees it, and no
 * limit is passed.
 * @param topUp as read
 * @returns what is to be paid now; null if nothing is
 */
export async function beginTopUp(topUp: TopUp): Promise<(TopUp & { open: OpenTopUp }) | null> {
  const at = now()
  const { status, open, nextTryAt, number } = topUp
  if (status !== 'on' || open || (nextTryAt && nextTryAt > at)) return null
  if (!(await isBelow(topUp))) {
    // Nothing to try again: the next fall is seen when it happens.
    if (nextTryAt) await changeTopUp(topUp, { nextTryAt: null, declines: 0 })
    return null
  }
  const pack = packOf(topUp)
  if (!pack) {
    await changeTopUp(topUp, { status: 'paused', reason: 'refused', nextTryAt: null })
    return null
  }
  const { amount } = pack.price
  const month = countedIn(monthOf(topUp, at), topUp, amount)
  if (!month) {
    if (await changeTopUp(topUp, { nextTryAt: nextMonth(at) })) await notifyLimit(topUp)
    return null
  }
  const begun: OpenTopUp = {
    number: number + 1,
    pack: pack.id,
    amount,
    begunAt: at,
    stripeInvoiceId: null,
    url: null,
    leaseUntil: new Date(at.getTime() + LEASE_MS),
  }
  const after = await changeTopUp(topUp, { number: number + 1, open: begun, month, nextTryAt: null })
  return after && { ...after, open: begun }
}

/** Credits on hold count: a hold may be released. Where spending is paused, more credits would not help. */
async function isBelow({ _id, below }: TopUp): Promise<boolean> {
  const { credits, held, frozen } = await getBalance(_id)
  return frozen === null && credits + held < below
}
