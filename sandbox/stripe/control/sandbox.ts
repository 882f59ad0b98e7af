import { setTimeout as wait } from 'node:timers/promises'
import { completeBy } from './complete-checkout.ts'
import type { CompleteOptions } from './complete-checkout.ts'
import { currentPeriod } from '../billing/subscriptions/status.ts'
import { HOUR, MINUTE } from '../core/clock.ts'
import type { Seconds } from '../core/clock.ts'
import { StripeApiError } from '../core/errors.ts'
import type { WebhookSender } from '../webhooks/sender.ts'
import { queue } from '../core/events.ts'
import type { Faults } from '../core/faults.ts'
import type { CheckoutSession, Event, WebhookEndpoint } from '../core/shapes.ts'
import type { Timekeeper } from '../time/timekeeper.ts'
import type { World } from '../core/world.ts'
import type { Api } from '../api/api.ts'
import { ClockAdvance } from './clock-advance.ts'
import { newId } from '../core/ids.ts'

/** What the control page and tests can do with a sandbox besides calling its API. */
export class Sandbox {
  readonly clockAdvance: ClockAdvance

  constructor(
    readonly world: World,
    readonly api: Api,
    readonly webhooks: WebhookSender,
    readonly timekeeper: Timekeeper,
    readonly faults: Faults,
  ) {
    this.clockAdvance = new ClockAdvance(world, timekeeper, webhooks)
  }

  /** The address of the app that this sandbox serves, for the link back to it. */
  get shopUrl(): string | null {
    const [endpoint] = this.world.tables.webhookEndpoints.filter(({ status }) => status === 'enabled')
    return endpoint ? new URL(endpoint.url).origin : null
  }

  /** The earliest period end of a live subscription on the sandbox's own clock. */
  nextPeriodEnd(): Seconds | null {
    const living = this.world.tables.subscriptions.filter(
      ({ status, test_clock }) => !test_clock && ['active', 'trialing', 'past_due'].includes(status),
    )
    return living.length > 0 ? Math.min(...living.map((subscription) => currentPeriod(subscription).end)) : null
  }

  /** A minute after the next renewal's invoice is collected. */
  nextRenewal(): Seconds | null {
    const end = this.nextPeriodEnd()
    return end === null ? null : end + HOUR + MINUTE
  }

  /** All events, oldest first, or those of a type (`invoice.paid`) or a group (`invoice.*`). */
  events(type?: string): Event[] {
    const all = [...this.world.tables.events.oldestFirst()]
    if (!type) return all
    return all.filter((event) => (type.endsWith('*') ? event.type.startsWith(type.slice(0, -1)) : event.type === type))
  }

  /** Waits until no clock is advancing and every delivery that is due has been attempted. */
  async idle(): Promise<void> {
    while (this.world.tables.testClocks.filter(({ status }) => status === 'advancing').length > 0) await wait(2)
    this.timekeeper.catchUp()
    await this.webhooks.idle()
  }

  /** Delivers an event to every endpoint again, `times` times, and waits for the responses. */
  async deliver(event: string, { times = 1 } = {}): Promise<void> {
    this.world.run(() => {
      if (!this.world.tables.events.get(event))
        throw new StripeApiError(404, { type: 'invalid_request_error', message: `No such event: '${event}'` })
      for (let count = 0; count < times; count++)
        for (const endpoint of this.world.tables.webhookEndpoints.filter(({ status }) => status === 'enabled'))
          queue(this.world, event, endpoint.id)
    })
    await this.webhooks.idle()
  }

  /** Sends everything that is waiting, including later retries. */
  flush(): Promise<void> {
    return this.webhooks.flush()
  }

  /** Pays a checkout session without a browser. Throws when the card is declined. */
  completeCheckout(session: string, options: CompleteOptions = {}): CheckoutSession {
    return this.world.run(() => completeBy(this.world, session, options))
  }

  now(): Seconds {
    return this.world.clock.now()
  }

  /** Advances the sandbox's clock by seconds and processes what is due, in order. An app learns of it afterwards. */
  advance(seconds: Seconds): Seconds {
    this.timekeeper.advanceTo(this.now() + seconds)
    return this.now()
  }

  advanceTo(moment: Seconds): Seconds {
    this.timekeeper.advanceTo(moment)
    return this.now()
  }

  /** Advances in stages, so that an app that follows the clock can do what is due on its side in each. */
  async advanceInStages(moment: Seconds): Promise<Seconds> {
    await this.clockAdvance.to(moment)
    return this.now()
  }

  addEndpoint({
    url,
    secret,
    apiVersion = null,
    events = ['*'],
  }: {
    url: string
    secret: string
    apiVersion?: string | null
    events?: string[]
  }): WebhookEndpoint {
    const { world } = this
    return world.run(() => {
      // The same address is the same endpoint with a new secret, so that a restart does not double deliveries.
      for (const old of world.tables.webhookEndpoints.filter((row) => row.url === url)) {
        world.tables.endpointSecrets.update(old.id, { secret })
        return world.tables.webhookEndpoints.update(old.id, {
          api_version: apiVersion,
          enabled_events: events,
          status: 'enabled',
        })
      }
      const row = world.tables.webhookEndpoints.insert({
        id: newId('we'),
        object: 'webhook_endpoint',
        api_version: apiVersion,
        application: null,
        created: world.clock.now(),
        description: null,
        enabled_events: events,
        livemode: false,
        metadata: {},
        status: 'enabled',
        url,
      })
      world.tables.endpointSecrets.insert({ id: row.id, secret })
      return row
    })
  }
}
