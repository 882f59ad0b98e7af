import { eventTable } from '#app/billing/webhooks/event-table.ts'
import type { StripeForTests } from '../stripe.ts'
import { post } from '../scenario.ts'
import { mortal } from './chaos.ts'
import { onMachine } from './machines.ts'
import type { LifePlan } from './life-plan.ts'

type PostedEvent = { id: string; type: string }

/** Stripe's deliveries with faults: dropped, doubled, late, out of order, several at once, to handlers that die. */
export class BadCourier {
  readonly #seen = new Set<string>()
  /** Events that are late or were answered with an error, to be sent again. */
  #waiting: PostedEvent[] = []

  constructor(
    readonly context: StripeForTests,
    readonly trouble: LifePlan['trouble'],
    readonly random: () => number,
    readonly count: (what: string) => void,
  ) {}

  /** One round of deliveries, each on a random machine. `atOnce`: all at the same moment. */
  async deliver({ atOnce = false } = {}): Promise<void> {
    const { drop, twice, late } = this.trouble
    const now: PostedEvent[] = []
    for (const event of this.#collect()) {
      if (this.#happens(drop)) this.count('dropped')
      else if (this.#happens(late)) this.#waiting.push(event)
      else now.push(event)
      // In a rush the copy arrives at the same moment, otherwise later.
      if (this.#happens(twice)) (atOnce ? now : this.#waiting).push(event)
    }
    const order = now.map((event) => ({ event, place: this.random() })).sort((a, b) => a.place - b.place)
    while (order.length > 0) {
      const batch = order.splice(0, atOnce ? order.length : 1 + Math.floor(this.random() * 3))
      await Promise.all(batch.map(({ event }) => this.#send(event)))
    }
  }

  /** Delivers what is waiting and what that causes, without faults, as Stripe retries for three days. */
  async finish(): Promise<void> {
    let refused: PostedEvent[] = []
    for (let round = 0; round < 20; round++) {
      const events = this.#collect()
      if (events.length === 0) return
      refused = []
      for (const event of events) {
        const { status } = await onMachine(this.random, () => post(JSON.stringify(event)))
        if (status !== 200) refused.push(event)
      }
      this.#waiting.push(...refused)
    }
    throw new Error(`Still refused: ${refused.map(({ type }) => type).join(', ')}`)
  }

  /** Collects the types that the endpoint is subscribed to. */
  #collect(): PostedEvent[] {
    const fresh = this.context.sandbox.events().filter(({ id }) => !this.#seen.has(id))
    for (const { id } of fresh) this.#seen.add(id)
    const all = [...this.#waiting, ...fresh.filter(({ type }) => Object.hasOwn(eventTable, type))]
    this.#waiting = []
    return all
  }

  async #send(event: PostedEvent): Promise<void> {
    const body = JSON.stringify(event)
    const dies = this.#happens(this.trouble.kill)
    const calls = 1 + Math.floor(this.random() * 40)
    const isAfter = this.random() < 0.5
    const { status } = await onMachine(this.random, () =>
      dies ? mortal(calls, isAfter, () => post(body)) : post(body),
    )
    this.count(status === 200 ? 'delivered' : dies ? 'killed' : 'failed')
    if (status !== 200) this.#waiting.push(event)
  }

  #happens(share: number): boolean {
    return this.random() < share
  }
}
