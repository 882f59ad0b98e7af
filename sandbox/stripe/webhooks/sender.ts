import { inVersion } from '../versions/legacy.ts'
import type { Seconds } from '../core/clock.ts'
import { ownerOf } from '../core/events.ts'
import type { Faults } from '../core/faults.ts'
import { API_VERSION, signatureHeader } from '../core/sdk.ts'
import type { DeliveryRow } from '../core/rows.ts'
import type { World } from '../core/world.ts'

/** Seconds from each failed attempt to the next: soon at first, then spaced like Stripe's retries, for three days. */
export const RETRY_DELAYS: Seconds[] = [8, 60, 300, 1800, 7200, 18_000, 36_000, 43_200, 43_200, 43_200]
const AT_ONCE = 8

/**
 * Delivers events to the webhook endpoints. The events of one customer are sent in order, one at a time; customers do
 * not wait for each other. A delivery without a 2xx response is retried by the sandbox's clock.
 */
export class WebhookSender {
  readonly #running = new Set<string>()
  readonly #lanes = new Set<string>()
  #timer: NodeJS.Timeout | null = null
  #closed = false
  #waking = false
  #idle: (() => void)[] = []

  constructor(
    private readonly world: World,
    private readonly faults: Faults,
    private readonly options: { retryDelays?: Seconds[]; timeout?: number } = {},
  ) {
    world.onChange((touched) => {
      for (const id of touched.get('#delivery') ?? []) this.#prepare(id)
      this.#wakeSoon()
    })
  }

  /** Sends the deliveries that are due and sets a timer for the next one. */
  wake(): void {
    if (this.#closed) return
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    const now = this.world.clock.now()
    let next: Seconds | null = null
    const ready = this.faults.deliveries.hold ? [] : this.waiting()
    if (this.faults.deliveries.shuffled) ready.sort(() => Math.random() - 0.5)
    for (const row of ready) {
      if (row.nextAttempt! > now) next = Math.min(next ?? Infinity, row.nextAttempt!)
      else if (!this.#running.has(row.id)) this.#start(row)
    }
    if (next !== null) this.#timer = setTimeout(() => this.wake(), Math.min(3600, next - now) * 1000 + 20)
    if (this.#running.size === 0) for (const done of this.#idle.splice(0)) done()
  }

  /** Wakes the sender once for many changes. */
  #wakeSoon(): void {
    if (this.#waking) return
    this.#waking = true
    setImmediate(() => {
      this.#waking = false
      this.wake()
    })
  }

  /** Resolves when nothing is being sent and nothing is due; later retries do not count. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve)
      this.wake()
    })
  }

  /** Sends everything that waits for a retry. */
  flush(): Promise<void> {
    this.world.run(() => {
      for (const row of this.waiting())
        this.world.tables.deliveries.update(row.id, { nextAttempt: this.world.clock.now() })
    })
    return this.idle()
  }

  close(): void {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    for (const done of this.#idle.splice(0)) done()
  }

  /** The deliveries that are still open. */
  waiting(): DeliveryRow[] {
    return [...this.#open].flatMap((id) => {
      const row = this.world.tables.deliveries.get(id)
      return row?.state === 'waiting' ? [row] : []
    })
  }

  // The ids of open deliveries, so that a long history is not searched every time.
  readonly #open = new Set<string>()

  /** Applies the faults to a new delivery: it may be dropped, delayed, or doubled. */
  #prepare(id: string): void {
    const row = this.world.tables.deliveries.get(id)
    if (!row || row.state !== 'waiting') return void this.#open.delete(id)
    const isNew = !this.#open.has(id) && row.attempts.length === 0
    this.#open.add(id)
    const { twice, late, drop } = this.faults.deliveries
    if (!isNew || !(twice || late || drop) || row.id.endsWith('_twin')) return
    this.world.run(() => {
      const { deliveries } = this.world.tables
      if (Math.random() < drop) return void deliveries.update(id, { state: 'dropped', nextAttempt: null })
      const nextAttempt = row.nextAttempt! + late
      if (late) deliveries.update(id, { nextAttempt })
      if (twice) deliveries.insert({ ...row, id: `${id}_twin`, nextAttempt })
    })
  }

  #start(row: DeliveryRow): void {
    const event = this.world.tables.events.get(row.event)
    const lane = `${row.endpoint}/${event ? (ownerOf(this.world, event.data.object) ?? row.id) : row.id}`
    const inLine = !this.faults.deliveries.shuffled
    if ((inLine && this.#lanes.has(lane)) || this.#running.size >= AT_ONCE) return
    if (inLine) this.#lanes.add(lane)
    this.#running.add(row.id)
    void this.#attempt(row).finally(() => {
      this.#running.delete(row.id)
      this.#lanes.delete(lane)
      this.#wakeSoon()
    })
  }

  async #attempt(row: DeliveryRow): Promise<void> {
    const { world } = this
    const endpoint = world.tables.webhookEndpoints.get(row.endpoint)
    const event = world.tables.events.get(row.event)
    const secret = world.tables.endpointSecrets.get(row.endpoint)?.secret
    if (!endpoint || !event || !secret || endpoint.status !== 'enabled')
      return world.run(() => void world.tables.deliveries.update(row.id, { state: 'given_up', nextAttempt: null }))
    const version = endpoint.api_version ?? API_VERSION
    const payload = JSON.stringify(
      { ...event, api_version: version, data: inVersion(world, event.data, version) },
      null,
      2,
    )
    const started = performance.now()
    // The app checks signatures against the machine's time, not the sandbox's clock.
    const timestamp = Math.floor(Date.now() / 1000)
    const { status, answer } = await post(
      endpoint.url,
      payload,
      signatureHeader(payload, secret.split(','), timestamp),
      this.options.timeout ?? 20_000,
    )
    if (this.#closed) return
    this.#record(row.id, {
      at: world.clock.now(),
      status,
      milliseconds: Math.round(performance.now() - started),
      answer: answer.slice(0, 1000),
    })
  }

  #record(id: string, attempt: DeliveryRow['attempts'][number]): void {
    const { world } = this
    world.run(() => {
      const row = world.tables.deliveries.get(id)!
      const attempts = [...row.attempts, attempt]
      const delivered = attempt.status !== null && attempt.status >= 200 && attempt.status < 300
      const delay = (this.options.retryDelays ?? RETRY_DELAYS)[attempts.length - 1]
      const state = delivered ? 'delivered' : delay === undefined ? 'given_up' : 'waiting'
      world.tables.deliveries.update(id, {
        attempts,
        state,
        nextAttempt: state === 'waiting' ? attempt.at + delay! : null,
      })
      const event = world.tables.events.get(row.event)
      if (delivered && event && event.pending_webhooks > 0)
        world.tables.events.update(event.id, { pending_webhooks: event.pending_webhooks - 1 })
    })
  }

  /** Sends what was still open before a restart. */
  resume(): void {
    for (const row of this.world.tables.deliveries.oldestFirst()) if (row.state === 'waiting') this.#open.add(row.id)
    this.wake()
  }
}

async function post(
  url: string,
  body: string,
  signature: string,
  timeout: number,
): Promise<{ status: number | null; answer: string }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'Stripe-Signature': signature,
        'User-Agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      },
    })
    return { status: response.status, answer: await response.text() }
  } catch (error) {
    const cause =
      error instanceof Error ? ((error.cause as { code?: string } | undefined)?.code ?? error.name) : 'unknown'
    return { status: null, answer: cause }
  }
}
