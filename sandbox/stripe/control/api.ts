import { DAY } from '../core/clock.ts'
import { StripeApiError } from '../core/errors.ts'
import { monthsAfter } from '../core/calendar.ts'
import type { ApiFault, DeliveryFaults } from '../core/faults.ts'
import type { Reply } from '../http/reply.ts'
import type { CompleteOptions } from './complete-checkout.ts'
import type { Sandbox } from './sandbox.ts'

type Body = Record<string, unknown>

/** The controls as JSON under `/_sandbox`, for programs outside the sandbox's process. */
export async function controlApi(sandbox: Sandbox, method: string, url: URL, text: string): Promise<Reply | null> {
  const action = actions[`${method} ${url.pathname.replace('/_sandbox', '')}`]
  if (!action) return null
  try {
    const body = (text ? JSON.parse(text) : {}) as Body
    return json(200, await action(sandbox, body, url.searchParams))
  } catch (error) {
    if (error instanceof SyntaxError) return json(400, { error: { message: 'The body is not JSON.' } })
    if (error instanceof StripeApiError) return json(error.status, { error: error.body })
    throw error
  }
}

type Action = (sandbox: Sandbox, body: Body, query: URLSearchParams) => unknown

const actions: Record<string, Action> = {
  // An app that follows the clock reports the last stage that it has completed, and when it has something to do next.
  'GET /clock': (sandbox, _body, query) => {
    if (query.has('done')) sandbox.clockAdvance.heard(Number(query.get('done')), Number(query.get('next')) || null)
    return clock(sandbox)
  },
  // { seconds, days, months }, added up, or { to }: a moment.
  'POST /clock': async (sandbox, { seconds = 0, days = 0, months = 0, to }) => {
    const target =
      typeof to === 'number' ? to : monthsAfter(sandbox.now(), Number(months)) + Number(days) * DAY + Number(seconds)
    await sandbox.advanceInStages(target)
    return clock(sandbox)
  },
  'GET /events': (sandbox, _body, query) => ({ events: sandbox.events(query.get('type') ?? undefined) }),
  // The number of events after the latest one on the page, and the number that wait for delivery.
  'GET /pulse': (sandbox, _body, query) => {
    let count = 0
    for (const { id } of sandbox.world.tables.events.newestFirst()) {
      if (id === query.get('since') || count === 1000) break
      count++
    }
    return { count, waiting: sandbox.webhooks.waiting().length }
  },
  'GET /deliveries': (sandbox) => ({ deliveries: [...sandbox.world.tables.deliveries.newestFirst()].slice(0, 500) }),
  'GET /requests': (sandbox) => ({ requests: [...sandbox.api.log].reverse() }),
  'POST /deliver': async (sandbox, { event, times = 1 }) => {
    await sandbox.deliver(String(event), { times: Number(times) })
    return { delivered: true }
  },
  'POST /flush': async (sandbox) => {
    await sandbox.flush()
    return { idle: true }
  },
  'POST /idle': async (sandbox) => {
    await sandbox.idle()
    return { idle: true }
  },
  'POST /checkout': (sandbox, { session, ...options }) => completed(sandbox, String(session), options),
  'GET /faults': (sandbox) => faults(sandbox),
  // { deliveries: { twice, late, shuffled, drop, hold }, api: [{ failure, match, rate, times }], slow }
  'POST /faults': (sandbox, { deliveries, api, slow }) => {
    if (deliveries) Object.assign(sandbox.faults.deliveries, deliveries as Partial<DeliveryFaults>)
    if (api) sandbox.faults.api = api as ApiFault[]
    if (slow !== undefined) sandbox.faults.slow = Number(slow)
    sandbox.webhooks.wake()
    return faults(sandbox)
  },
  'DELETE /faults': (sandbox) => {
    sandbox.faults.reset()
    sandbox.webhooks.wake()
    return faults(sandbox)
  },
}

function clock(sandbox: Sandbox) {
  const { offset } = sandbox.world.clock
  return { now: sandbox.now(), offset, next: sandbox.timekeeper.nextDue(), ...sandbox.clockAdvance.state }
}

function faults({ faults: { deliveries, api, slow } }: Sandbox) {
  return { deliveries, api, slow }
}

function completed(sandbox: Sandbox, session: string, options: CompleteOptions) {
  return { session: sandbox.completeCheckout(session, options) }
}

function json(status: number, value: unknown): Reply {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify(value, null, 2),
  }
}
