import { DAY } from '../core/clock.ts'
import { invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { newId } from '../core/ids.ts'
import { find } from '../core/lookup.ts'
import { monthsAfter } from '../core/calendar.ts'
import type { TestClock } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { ENDED } from '../billing/subscriptions/status.ts'
import { endpoint, listEndpoint, retrieveEndpoint } from '../http/endpoint.ts'
import { integer, required, text } from '../http/params.ts'

export const testClocks = [
  endpoint('POST /v1/test_helpers/test_clocks', { frozen_time: required(integer), name: text }, ({ world, params }) => {
    const clock = world.tables.testClocks.insert({
      id: newId('clock'),
      object: 'test_helpers.test_clock',
      created: world.clock.now(),
      deletes_after: world.clock.now() + 30 * DAY,
      frozen_time: params.frozen_time,
      livemode: false,
      name: params.name ?? null,
      status: 'ready',
      status_details: {},
    })
    emit(world, 'test_helpers.test_clock.created', clock)
    return clock
  }),
  retrieveEndpoint('GET /v1/test_helpers/test_clocks/:id', 'testClocks'),
  endpoint(
    'POST /v1/test_helpers/test_clocks/:id/advance',
    { frozen_time: required(integer) },
    ({ world, id, params }) => {
      const before = find(world.tables.testClocks, id)
      if (before.status !== 'ready')
        throw invalidRequest('This test clock is still advancing.', undefined, 'testclock_advancing')
      if (params.frozen_time <= before.frozen_time)
        throw invalidRequest(
          `The frozen_time must be after the clock's current time (${before.frozen_time}).`,
          'frozen_time',
        )
      const furthest = furthestAdvance(world, before)
      if (params.frozen_time > furthest)
        throw invalidRequest(
          `You can only advance this clock by up to two intervals of its shortest subscription, to ${furthest}.`,
          'frozen_time',
        )
      const clock = world.tables.testClocks.update(id, {
        status: 'advancing',
        status_details: { advancing: { target_frozen_time: params.frozen_time } },
      })
      emit(world, 'test_helpers.test_clock.advancing', clock)
      return clock
    },
  ),
  endpoint('DELETE /v1/test_helpers/test_clocks/:id', {}, ({ world, id }) => {
    const clock = find(world.tables.testClocks, id)
    for (const customer of world.tables.customers.filter((row) => row.test_clock === id)) {
      for (const subscription of world.tables.subscriptions.filter((row) => row.customer === customer.id))
        world.tables.subscriptions.remove(subscription.id)
      world.tables.customers.remove(customer.id)
      world.tables.deletedCustomers.insert({ id: customer.id })
    }
    world.tables.testClocks.remove(id)
    emit(world, 'test_helpers.test_clock.deleted', clock)
    return { id, object: 'test_helpers.test_clock', deleted: true }
  }),
  listEndpoint('GET /v1/test_helpers/test_clocks', 'testClocks', {}),
]

/** How far Stripe lets a clock advance at once: two intervals of its shortest subscription, two years without one. */
function furthestAdvance(world: World, clock: TestClock): number {
  const subscriptions = world.tables.subscriptions.filter(
    (row) => row.test_clock === clock.id && !ENDED.has(row.status),
  )
  const limits = subscriptions.flatMap(({ items }) =>
    items.data.map(({ price }) => {
      const { interval, interval_count } = price.recurring!
      if (interval === 'day') return clock.frozen_time + 2 * interval_count * DAY
      if (interval === 'week') return clock.frozen_time + 14 * interval_count * DAY
      return monthsAfter(clock.frozen_time, 2 * interval_count * (interval === 'year' ? 12 : 1))
    }),
  )
  return limits.length > 0 ? Math.min(...limits) : monthsAfter(clock.frozen_time, 24)
}
