import { invalidRequest } from '../../core/errors.ts'
import { emit } from '../../core/events.ts'
import type { Charge, Refund } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { newBalanceTransaction, newRefund } from '../../objects/charge.ts'
import { money } from '../../core/money.ts'

export interface RefundRequest {
  amount?: number
  reason?: Refund['reason']
  metadata?: Record<string, string>
}

/** Refunds a charge, in full or in part. */
export function refund(world: World, before: Charge, { amount, reason = null, metadata = {} }: RefundRequest): Refund {
  const left = before.amount - before.amount_refunded
  const wanted = amount ?? left
  if (!before.paid) throw invalidRequest(`This charge (${before.id}) did not succeed and cannot be refunded.`, 'charge')
  if (left === 0)
    throw invalidRequest(`Charge ${before.id} has already been refunded.`, undefined, 'charge_already_refunded')
  if (before.disputed)
    throw invalidRequest(
      `Charge ${before.id} has been charged back; cannot issue a refund.`,
      undefined,
      'charge_disputed',
    )
  if (wanted < 1) throw invalidRequest('Invalid positive integer', 'amount', 'parameter_invalid_integer')
  if (wanted > left)
    throw invalidRequest(
      `Refund amount (${money(wanted, before.currency)}) is greater than unrefunded amount on charge (${money(left, before.currency)})`,
      'amount',
    )
  const now = world.now(before.customer)
  const draft = newRefund(now, before, { amount: wanted, reason, metadata })
  const movement = world.tables.balanceTransactions.insert(
    newBalanceTransaction(now, {
      amount: -wanted,
      currency: before.currency,
      source: draft.id,
      type: 'refund',
      description: 'REFUND FOR CHARGE',
    }),
  )
  const row = world.tables.refunds.insert({ ...draft, balance_transaction: movement.id })
  const total = before.amount_refunded + wanted
  const charge = world.tables.charges.update(before.id, { amount_refunded: total, refunded: total === before.amount })
  emit(world, 'refund.created', row)
  emit(world, 'charge.refunded', charge, before)
  return row
}

/** Fails a refund, as when the card was closed; the charge no longer counts it. */
export function failRefund(world: World, before: Refund): Refund {
  if (before.status !== 'succeeded' && before.status !== 'pending')
    throw invalidRequest(`Refund ${before.id} is ${before.status}.`)
  const now = world.now(before.customer)
  const movement = world.tables.balanceTransactions.insert(
    newBalanceTransaction(now, {
      amount: before.amount,
      currency: before.currency,
      source: before.id,
      type: 'refund',
      description: 'REFUND FAILURE',
    }),
  )
  const row = world.tables.refunds.update(before.id, {
    status: 'failed',
    failure_reason: 'lost_or_stolen_card',
    failure_balance_transaction: movement.id,
  })
  const charge = world.tables.charges.get(before.charge!)!
  const after = world.tables.charges.update(charge.id, {
    amount_refunded: charge.amount_refunded - before.amount,
    refunded: false,
  })
  emit(world, 'refund.updated', row, before)
  emit(world, 'refund.failed', row)
  emit(world, 'charge.updated', after, charge)
  return row
}
