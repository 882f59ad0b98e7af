import { afterEach, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import type { User } from '#models/user.server.ts'
import { decide, dispute } from '#test/billing/bank.ts'
import { chargesOf, subscriber } from '#test/billing/customers.ts'
import { creditsOf, Deliveries, historyOf, post, type PostedEvent } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { postAll } from '../event-versions.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
afterEach(() => setNow(null))

const PERMUTATIONS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
]

describe('refunds', () => {
  it.each(PERMUTATIONS)(
    'three partial refunds whose events come in the order %i %i %i, each twice, take their sum once (1.9)',
    async (...order) => {
      const user = await subscriber(line)
      const [charge] = await chargesOf(context, user)
      const groups: PostedEvent[][] = []
      for (const amount of [100, 250, 333]) {
        await context.stripe.refunds.create({ charge: charge!.id, amount })
        groups.push(line.take())
      }
      // Since 2022-11-15 Stripe's event lists no refunds, and its total is that of the moment.
      const sums = groups.flat().filter(({ type }) => type === 'charge.refunded')
      expect(sums.map(({ data }) => data.object.amount_refunded)).toEqual([100, 350, 683])
      for (const { data } of sums) expect(data.object).not.toHaveProperty('refunds')

      const [first, second, third] = order.map((place) => groups[place]!)
      await postAll([...first!, ...first!])
      const atOnce = [...second!, ...third!, ...second!, ...third!]
      const statuses = await Promise.all(atOnce.map((event) => post(JSON.stringify(event))))
      // A busy account answers with an error, and Stripe retries the event.
      for (const [place, { status }] of statuses.entries())
        if (status !== 200) expect((await postAll([atOnce[place]!]))[0]).toBe(200)
      expect(await creditsOf(user)).toBe(1000 - 683)
      expect(await historyOf(user)).toMatchObject([{ status: 'partially_refunded', amountRefunded: 683 }])
    },
  )
})

type Step = { refund: number } | { dispute?: number; inquiry?: true } | { decide: 'won' | 'lost' }

/** 1000 credits for $10.00; the result of each step, also when its events arrive backwards and twice. */
const table: [string, Step[], { credits: number; frozen: string | null; status: string }][] = [
  ['open', [{ dispute: 1000 }], { credits: 0, frozen: 'dispute', status: 'disputed' }],
  ['open, won', [{ dispute: 1000 }, { decide: 'won' }], { credits: 1000, frozen: null, status: 'active' }],
  ['open, lost', [{ dispute: 1000 }, { decide: 'lost' }], { credits: 0, frozen: null, status: 'dispute_lost' }],
  ['a part, open', [{ dispute: 400 }], { credits: 600, frozen: 'dispute', status: 'disputed' }],
  ['a part, lost', [{ dispute: 400 }, { decide: 'lost' }], { credits: 600, frozen: null, status: 'dispute_lost' }],
  ['refund, then open', [{ refund: 400 }, { dispute: 600 }], { credits: 0, frozen: 'dispute', status: 'disputed' }],
  [
    'refund, then won',
    [{ refund: 400 }, { dispute: 600 }, { decide: 'won' }],
    { credits: 600, frozen: null, status: 'partially_refunded' },
  ],
  [
    'refund, then lost',
    [{ refund: 400 }, { dispute: 600 }, { decide: 'lost' }],
    { credits: 0, frozen: null, status: 'dispute_lost' },
  ],
  [
    'full refund, then opened anyway',
    [{ refund: 1000 }, { dispute: 1000 }],
    { credits: 0, frozen: 'dispute', status: 'disputed' },
  ],
  [
    'full refund, then won anyway',
    [{ refund: 1000 }, { dispute: 1000 }, { decide: 'won' }],
    { credits: 0, frozen: null, status: 'refunded' },
  ],
  [
    'refund, then opened for the whole amount',
    [{ refund: 400 }, { dispute: 1000 }, { decide: 'lost' }],
    { credits: 0, frozen: null, status: 'dispute_lost' },
  ],
  [
    'won, then refund',
    [{ dispute: 1000 }, { decide: 'won' }, { refund: 300 }],
    { credits: 700, frozen: null, status: 'partially_refunded' },
  ],
  ['asked about', [{ dispute: 1000, inquiry: true }], { credits: 1000, frozen: null, status: 'active' }],
  [
    'inquiry, then refund',
    [{ dispute: 1000, inquiry: true }, { refund: 1000 }],
    { credits: 0, frozen: null, status: 'refunded' },
  ],
]

async function go(user: User, steps: Step[], tell: () => Promise<unknown>): Promise<void> {
  const [charge] = await chargesOf(context, user)
  let id = ''
  for (const step of steps) {
    if ('refund' in step) {
      // Stripe can refund a charge again after a won dispute; the sandbox cannot.
      const { world } = context.sandbox
      world.run(() => world.tables.charges.update(charge!.id, { disputed: false }))
      await context.stripe.refunds.create({ charge: charge!.id, amount: step.refund })
    } else if ('decide' in step) await decide(context, id, step.decide)
    else id = dispute(context, charge!.id, { amount: step.dispute, inquiry: step.inquiry })
    await tell()
  }
}

const leftOf = async (user: User) => {
  const { credits, frozen, debt } = await getBalance(user._id)
  expect(debt).toBe(0)
  return { credits, frozen, status: (await historyOf(user))[0]?.status }
}

describe('a dispute', () => {
  it.each(table)(
    'a dispute with the events “%s” one by one leaves the right credits (1.10)',
    async (_, steps, expected) => {
      const user = await subscriber(line)
      await go(user, steps, () => line.deliver())
      expect(await leftOf(user)).toEqual(expected)
    },
  )

  it.each(table)(
    'a dispute with the events “%s” afterwards, backwards and twice, leaves the right credits (1.10)',
    async (_, steps, expected) => {
      const user = await subscriber(line)
      await go(user, steps, () => Promise.resolve())
      const events = line.take().reverse()
      expect(new Set(await postAll([...events, ...events]))).toEqual(new Set([200]))
      expect(await leftOf(user)).toEqual(expected)
    },
  )
})

describe('the books', () => {
  it('the books balance after all these refunds and disputes', async () => {
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})
