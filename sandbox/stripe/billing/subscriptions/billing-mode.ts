import { invalidRequest } from '../../core/errors.ts'
import type { Subscription } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { ENDED, change } from './status.ts'

/**
 * How a subscription's prorations are calculated:
 *
 *     classic                credits are computed with today's discounts, and are net of them
 *     flexible, included     credits are a share of the original debit, and net
 *     flexible, itemized     the same, with gross amounts and separate discounts
 *
 * A subscription can migrate down this list, never up.
 */
export type BillingMode = Subscription['billing_mode']

/** A request for a mode. */
export interface ModeRequest {
  type: 'classic' | 'flexible'
  flexible?: { proration_discounts?: 'included' | 'itemized' }
}

const CLASSIC: BillingMode = { flexible: null, type: 'classic' }

const flexible = (proration_discounts: 'included' | 'itemized'): BillingMode => ({
  flexible: { proration_discounts },
  type: 'flexible',
})

/** From this version on a subscription is flexible by default. */
const CLOVER = '2025-09-30'

/**
 * The mode of a new subscription.
 * @param version API version of the request
 * @param path the parameter, for Stripe's error
 */
export function modeOfNew(wanted: ModeRequest | undefined, version: string, path = 'billing_mode'): BillingMode {
  const type = wanted?.type ?? (version.slice(0, 10) >= CLOVER ? 'flexible' : 'classic')
  if (type === 'flexible') return flexible(wanted?.flexible?.proration_discounts ?? 'included')
  if (wanted?.flexible)
    throw invalidRequest(
      `You can only specify \`${path}[flexible]\` when \`${path}[type]\` is \`flexible\`.`,
      `${path}[flexible]`,
    )
  return CLASSIC
}

// Stored rows of older versions may lack the field.
const modeOf = ({ billing_mode = CLASSIC }: Partial<Pick<Subscription, 'billing_mode'>>): BillingMode => billing_mode

export const isFlexible = (of: Pick<Subscription, 'billing_mode'>): boolean => modeOf(of).type === 'flexible'

export const isItemized = (of: Pick<Subscription, 'billing_mode'>): boolean =>
  modeOf(of).flexible?.proration_discounts === 'itemized'

/** Migrates a subscription and its schedule to another mode. Existing prorations are unchanged. */
export function migrate(world: World, before: Subscription, wanted: ModeRequest, path = 'billing_mode'): Subscription {
  if (ENDED.has(before.status))
    throw invalidRequest('A canceled subscription cannot be migrated to another billing mode.')
  if (wanted.type === 'classic') {
    if (!isFlexible(before)) return before
    throw invalidRequest(
      'You cannot migrate a subscription from `flexible` to `classic` billing mode.',
      `${path}[type]`,
    )
  }
  const discounts = wanted.flexible?.proration_discounts ?? (isItemized(before) ? 'itemized' : 'included')
  if (isItemized(before) && discounts === 'included')
    throw invalidRequest(
      'You cannot migrate a subscription from `itemized` to `included` proration discounts.',
      `${path}[flexible][proration_discounts]`,
    )
  if (isFlexible(before) && isItemized(before) === (discounts === 'itemized')) return before
  const billing_mode = { ...flexible(discounts), updated_at: world.now(before.customer) }
  if (before.schedule) world.tables.subscriptionSchedules.update(before.schedule, { billing_mode })
  return change(world, before, { billing_mode })
}
