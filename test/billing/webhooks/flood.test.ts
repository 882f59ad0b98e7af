import { afterEach, describe, expect, it, vi } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { follow } from '#test/billing/clock.ts'
import { subscriber } from '#test/billing/customers.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser, type PostedEvent } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
afterEach(() => {
  setNow(null)
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** The number of requests that reach Stripe during some work. */
async function requestsOf(work: () => Promise<unknown>): Promise<number> {
  const handle = vi.spyOn(context.sandbox.api, 'handle')
  try {
    await work()
    return handle.mock.calls.length
  } finally {
    handle.mockRestore()
  }
}

describe('a flood of events', () => {
  it('200 changes of one subscription send Stripe a few requests, and a purchase beside them is processed (1.12)', async () => {
    const noisy = await subscriber(line)
    const change = context.sandbox.events('customer.subscription.created').at(-1) as unknown as PostedEvent
    const flood = Array.from({ length: 200 }, (_, n) => ({
      ...change,
      id: `evt_flood_${n}`,
      type: 'customer.subscription.updated',
    }))
    const buyer = await aUser()
    await line.buy({ user: buyer, plan: 'Daily', interval: 'month' })
    const [paid] = line.take().filter(({ type }) => type === 'invoice.paid')
    const requests = await requestsOf(async () => {
      // On a busy machine some take too long; like Stripe, retry what was answered with an error.
      let unhandled = [...flood, paid!]
      for (let delivery = 0; delivery < 5 && unhandled.length > 0; delivery++) {
        const answers = await Promise.all(unhandled.map((event) => post(JSON.stringify(event))))
        unhandled = unhandled.filter((_, index) => answers[index]!.status !== 200)
      }
      expect(unhandled).toEqual([])
    })
    expect(await creditsOf(buyer)).toBe(2000)
    expect(await creditsOf(noisy)).toBe(1000)
    expect((await readUser(noisy._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
    expect(requests).toBeLessThan(100)
  })
})

describe('a burst of events', () => {
  it('a process handles 16 customers’ events at once, lets 500 wait, and leaves the others to Stripe’s next attempt', async () => {
    const eventOf = (customer: string, n: number) => ({
      id: `evt_burst_${n}`,
      type: 'tax_id.created',
      data: { object: { id: 'txi_1', customer } },
    })
    const burst = Array.from({ length: 520 }, (_, n) => eventOf(`cus_burst_${n}`, n))
    let letGo = (): void => undefined
    const held = new Promise<void>((resolve) => (letGo = resolve))
    const updateOne = WebhookEventModel.updateOne.bind(WebhookEventModel)
    let stored = 0
    vi.spyOn(WebhookEventModel, 'updateOne').mockImplementation(((...args: Parameters<typeof updateOne>) => {
      stored++
      return held.then(() => updateOne(...args))
    }) as unknown as typeof WebhookEventModel.updateOne)
    const answers = burst.map((event) => post(JSON.stringify(event)))
    const refused = await Promise.all(answers.slice(516))
    expect(refused.map(({ status }) => status)).toEqual([500, 500, 500, 500])
    await expect.poll(() => stored).toBe(16)
    // A customer whose turn it is needs no other.
    answers.push(post(JSON.stringify(eventOf('cus_burst_0', 1_000))))
    await expect.poll(() => stored).toBe(17)

    letGo()
    const taken = [...answers.slice(0, 516), ...answers.slice(520)]
    expect(new Set(await Promise.all(taken.map(async (answer) => (await answer).status)))).toEqual(new Set([200]))
    expect((await post(JSON.stringify(burst.at(-1)))).status).toBe(200)
    expect(await WebhookEventModel.countDocuments({ _id: /^evt_burst_/, status: 'ignored' })).toBe(518)
  })
})

describe('a slow handler', () => {
  it('a slow handler answers with an error in time, continues, and takes effect once when Stripe retries the event (1.12, H41)', async () => {
    follow(context)
    const user = await aUser()
    await line.buy({ user, plan: 'Beginner', interval: 'month' })
    const paid = line.take().find(({ type }) => type === 'invoice.paid')!

    // It hangs when it is about to check whether the invoice was counted before.
    let letGo = (): void => undefined
    const held = new Promise<void>((resolve) => (letGo = resolve))
    const findOne = BillingHistoryModel.findOne.bind(BillingHistoryModel)
    const reached = new Promise<void>((resolve) => {
      vi.spyOn(BillingHistoryModel, 'findOne').mockImplementationOnce(((...args: Parameters<typeof findOne>) => ({
        lean: async () => {
          resolve()
          await held
          return findOne(...args).lean()
        },
      })) as unknown as typeof BillingHistoryModel.findOne)
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const first = post(JSON.stringify(paid))
    await reached
    await vi.advanceTimersByTimeAsync(8_100)
    expect((await first).status).toBe(500)
    vi.useRealTimers()
    expect(await creditsOf(user)).toBe(0)
    const again = post(JSON.stringify(paid))
    letGo()
    expect((await again).status).toBe(200)
    expect(await creditsOf(user)).toBe(1000)
    expect(await historyOf(user)).toHaveLength(1)
  })
})
