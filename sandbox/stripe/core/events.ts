import { newId } from './ids.ts'
import { API_VERSION } from './sdk.ts'
import { previousAttributes, same } from './diff.ts'
import type { ApiObject, Event } from './shapes.ts'
import type { World } from './world.ts'

/**
 * Writes an event with the current object and, for an update, the previous values of the changed fields. Queues a
 * delivery for every endpoint that listens. An update that changes nothing writes no event.
 */
export function emit(world: World, type: string, object: ApiObject, before?: object): void {
  if (before && same(before, object)) return
  const { tables } = world
  const owner = ownerOf(world, object)
  const endpoints = tables.webhookEndpoints.filter(
    ({ status, enabled_events }) => status === 'enabled' && listens(enabled_events, type),
  )
  const event: Event = {
    id: newId('evt'),
    object: 'event',
    api_version: API_VERSION,
    created: world.now(owner),
    data: { object, ...(before && { previous_attributes: previousAttributes(before, object) }) },
    livemode: false,
    pending_webhooks: endpoints.length,
    request: { id: world.cause.request, idempotency_key: world.cause.idempotencyKey },
    type: type as Event['type'],
  }
  tables.events.insert(event)
  for (const { id } of endpoints) queue(world, event.id, id)
}

/** Queues an event for delivery to an endpoint as soon as possible. */
export function queue(world: World, event: string, endpoint: string): void {
  world.tables.deliveries.insert({
    id: newId('whd'),
    event,
    endpoint,
    state: 'waiting',
    attempts: [],
    nextAttempt: world.clock.now(),
  })
}

export function listens(enabled: string[], type: string): boolean {
  return enabled.some(
    (pattern) =>
      pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))),
  )
}

/** The customer an object belongs to, if it belongs to one. */
export function ownerOf(world: World, object: ApiObject): string | null {
  const { customer, invoice, charge } = object as { customer?: unknown; invoice?: unknown; charge?: unknown }
  if (object.object === 'customer') return object.id
  if (typeof customer === 'string') return customer
  if (object.object === 'invoice_payment') return world.tables.invoices.get(String(invoice))?.customer ?? null
  if (object.object === 'dispute') return world.tables.charges.get(String(charge))?.customer ?? null
  return null
}
