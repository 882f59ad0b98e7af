import { expect } from 'vitest'
import { runTopUps } from '#app/billing/top-up/run-top-ups.server.ts'
import { turnOffTopUp, turnOnTopUp } from '#app/billing/top-up/settings.server.ts'
import { readTopUp } from '#app/billing/top-up/store.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import type { User } from '#models/user.server.ts'
import type { StripeForTests } from '../stripe.ts'

const PACK = { id: '500', price: 600 }
/** What no life can pass in a month, whatever terms it had. */
const TIMES_MAX = 3
const QUARTER_HOUR = 900

/** Sets automatic top-up as a step says; 0 times turns it off. */
export function setTopUp({ _id }: User, { below, timesMax }: { below: number; timesMax: number }): Promise<void> {
  if (timesMax === 0) return turnOffTopUp(_id)
  return turnOnTopUp(_id, { pack: PACK.id, below, timesMax, amountMax: timesMax * PACK.price })
}

/**
 * Lets the job finish what crashes left open, then compares the top-ups with Stripe: each number is paid at most once, no
 * month has more of them than was ever allowed, nothing waits that nobody knows of, and the count of the month is what was
 * paid in it.
 */
export async function checkTopUps({ sandbox, stripe }: StripeForTests, { _id }: User): Promise<number> {
  if (!(await readTopUp(_id))) return 0
  for (let run = 0; run < 2; run++) {
    sandbox.advance(QUARTER_HOUR)
    await runUpkeep()
    expect((await runTopUps()).failed).toBe(0)
  }
  const topUp = (await readTopUp(_id))!
  const invoices = (await stripe.invoices.list({ limit: 100 })).data.filter(({ metadata }) => metadata?.topUp)
  const paid = invoices.filter(({ status }) => status === 'paid')
  const numbers = paid.map(({ metadata }) => metadata!.topUp)
  expect(new Set(numbers).size).toBe(numbers.length)
  const months = paid.map(({ created }) => new Date(created * 1000).toISOString().slice(0, 7))
  for (const month of months) expect(months.filter((one) => one === month).length).toBeLessThanOrEqual(TIMES_MAX)
  const open = invoices.filter(({ status }) => status === 'open').map(({ id }) => id)
  expect(open).toEqual(topUp.open ? [topUp.open.stripeInvoiceId] : [])
  const since = paid.filter(({ created }) => created * 1000 >= topUp.month.start.getTime())
  expect(topUp.month.times).toBe(since.length + open.length)
  return paid.length
}
