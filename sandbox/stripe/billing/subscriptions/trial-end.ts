import { emit } from '../../core/events.ts'
import type { Subscription } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { methodFor } from '../payments/payment-method.ts'
import { change, end } from './status.ts'

/**
 * Ends a trial without a card, as its settings say.
 * @param patch further changes of the subscription
 * @returns null if there is a card, or the settings create an invoice anyway: then it becomes a paid plan
 */
export function endTrialWithoutCard(
  world: World,
  before: Subscription,
  patch: Partial<Subscription> = {},
): Subscription | null {
  const customer = world.tables.customers.get(before.customer)!
  if (methodFor(world, customer, { ...before, ...patch })) return null
  switch (before.trial_settings?.end_behavior.missing_payment_method) {
    case 'cancel':
      return end(world, change(world, before, patch), 'cancellation_requested')
    case 'pause': {
      const paused = change(world, before, { ...patch, status: 'paused' })
      emit(world, 'customer.subscription.paused', paused)
      return paused
    }
    default:
      return null
  }
}
