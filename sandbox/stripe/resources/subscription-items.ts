import { find } from '../core/lookup.ts'
import { noSuch, missingParameter } from '../core/errors.ts'
import type { Subscription } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { updateSubscription } from '../billing/lifecycle/update-subscription.ts'
import { endpoint } from '../http/endpoint.ts'
import { flag, integer, required, text } from '../http/params.ts'
import { itemChanges, itemFields, paymentBehavior, prorationBehavior } from './subscription-params.ts'

const options = {
  proration_behavior: prorationBehavior,
  proration_date: integer,
  payment_behavior: paymentBehavior,
  off_session: flag,
}

function owner(world: World, item: string): Subscription {
  const subscription = world.tables.subscriptions.filter(({ items }) => items.data.some(({ id }) => id === item))[0]
  if (!subscription) throw noSuch('subscription_item', item, 'id')
  return subscription
}

/** The endpoints of subscription items; each change is an update of the subscription. */
export const subscriptionItems = [
  endpoint(
    'POST /v1/subscription_items',
    { ...itemFields, ...options, subscription: required(text) },
    ({ world, params }) => {
      const subscription = find(world.tables.subscriptions, params.subscription, 'subscription')
      const [item] = itemChanges(world, [params])
      if (!item?.price) throw missingParameter('price')
      const after = updateSubscription(world, subscription, {
        items: [item],
        prorationBehavior: params.proration_behavior,
        prorationDate: params.proration_date,
        paymentBehavior: params.payment_behavior,
      })
      return after.items.data.at(-1)
    },
  ),
  endpoint('GET /v1/subscription_items/:id', {}, ({ world, id }) =>
    owner(world, id).items.data.find((item) => item.id === id),
  ),
  endpoint('POST /v1/subscription_items/:id', { ...itemFields, ...options }, ({ world, id, params }) => {
    const after = updateSubscription(world, owner(world, id), {
      items: itemChanges(world, [{ ...params, id }]),
      prorationBehavior: params.proration_behavior,
      prorationDate: params.proration_date,
      paymentBehavior: params.payment_behavior,
    })
    return after.items.data.find((item) => item.id === id)
  }),
  endpoint('DELETE /v1/subscription_items/:id', { ...options, clear_usage: flag }, ({ world, id, params }) => {
    updateSubscription(world, owner(world, id), {
      items: [{ id, deleted: true }],
      prorationBehavior: params.proration_behavior,
      prorationDate: params.proration_date,
    })
    return { id, object: 'subscription_item', deleted: true }
  }),
  endpoint(
    'GET /v1/subscription_items',
    { subscription: required(text), limit: integer, starting_after: text, ending_before: text },
    ({ world, params }) => ({
      ...find(world.tables.subscriptions, params.subscription, 'subscription').items,
    }),
  ),
]
