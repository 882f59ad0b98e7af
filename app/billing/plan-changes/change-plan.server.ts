import { createHash, randomUUID } from 'node:crypto'
import type { User } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { CardDeclined } from '../errors.ts'
import { recordPaidInvoice } from '../invoices/record-paid-invoice.server.ts'
import { callUnderKey } from '../stripe/client.server.ts'
import { withDeadline, withoutDeadline } from '../stripe/deadline.server.ts'
import { readSubscription } from '../stripe/objects/subscription.ts'
import { needsConfirmation, retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import type { LiveSubscription } from '../subscriptions/live-subscription.server.ts'
import { changeIn, scheduleOf } from '../subscriptions/scheduled-change.server.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { cancelAtPeriodEnd, resume } from './cancel.server.ts'
import { dateOf, endsWithPeriod, isNow, type PlanChoice, targetOf, unlessNotSold } from './change-target.server.ts'
import { releaseSchedule, restoreSchedule, scheduleChange } from './schedule.server.ts'

const DECLINED = 'Your card was declined. Nothing has changed. Use another card and try again.'

export type PlanChangeResult =
  { state: 'changed' } | { state: 'scheduled'; at: Date } | { state: 'payment-needed'; url: string | null }

/**
 * Changes a plan: upgrades now, charged and credited for the rest of the period; downgrades at period end. An upgrade
 * whose payment fails changes nothing until it is paid.
 * @param options `nonce`: of the form; `prorationDate`: from the preview, so that its sums hold
 * @throws what `targetOf` does, and CardDeclined
 */
export function changePlan(
  user: Pick<User, '_id'>,
  choice: PlanChoice,
  { nonce = randomUUID(), prorationDate = null }: { nonce?: string; prorationDate?: Date | null } = {},
): Promise<PlanChangeResult> {
  return withDeadline(() => unlessNotSold(() => change(user, choice, { nonce, prorationDate })))
}

async function change(
  user: Pick<User, '_id'>,
  choice: PlanChoice,
  { nonce, prorationDate }: { nonce: string; prorationDate: Date | null },
): Promise<PlanChangeResult> {
  const { running, target } = await targetOf(user, choice)
  if (target.isSame) {
    await releaseSchedule(running.subscription)
    await syncSubscriptions(user._id)
    return { state: 'changed' }
  }
  const key = createHash('sha256').update(`${nonce} ${target.priceId}`).digest('hex')
  if (!isNow(running, target)) {
    await takeBackCancellation(running)
    try {
      await scheduleChange(running, { priceId: target.priceId, interval: choice.interval }, key)
    } catch (error) {
      // Scheduling failed: restore the cancellation, or the customer keeps paying.
      if (running.cancelAtPeriodEnd) await withoutDeadline(() => cancelAtPeriodEnd(user)).catch(() => undefined)
      throw error
    }
    await syncSubscriptions(user._id)
    return { state: 'scheduled', at: running.currentPeriodEnd ?? now() }
  }
  const waited = await changeIn(await scheduleOf(running.subscription))
  await releaseSchedule(running.subscription)
  const updated = readSubscription(await upgrade(running, target.priceId, { key, prorationDate }))
  const isChanged = updated.items.some(({ id, priceId }) => id === running.item.id && priceId === target.priceId)
  if (isChanged && !endsWithPeriod(running)) await takeBackCancellation(running)
  const invoice = await retrieveInvoice(updated.latestInvoiceId)
  // The webhook would grant them too; this way they are there on the next page.
  if (invoice?.isPaid) await recordPaidInvoice(invoice.id)
  else await syncSubscriptions(user._id)
  if (isChanged) return { state: 'changed' }
  if (invoice && !(await needsConfirmation(invoice.id))) {
    if (waited) await restoreSchedule(running, waited, invoice.id)
    await syncSubscriptions(user._id)
    throw new CardDeclined(DECLINED)
  }
  return { state: 'payment-needed', url: invoice?.hostedInvoiceUrl ?? null }
}

function upgrade(
  { subscription, item }: LiveSubscription,
  priceId: string,
  { key, prorationDate }: { key: string; prorationDate: Date | null },
): Promise<unknown> {
  const date = dateOf(prorationDate)
  // The key covers all parameters: the same form at another moment is another request.
  const request = `${key}:${item.quantity}:${date.proration_date ?? 'now'}`
  // If the first attempt did take effect, the second changes and charges nothing.
  return callUnderKey(`change:${subscription.id}:${request}`, (stripe, options) =>
    stripe.subscriptions.update(
      subscription.id,
      {
        items: [{ id: item.id, price: priceId, quantity: item.quantity }],
        proration_behavior: 'always_invoice',
        payment_behavior: 'pending_if_incomplete',
        ...date,
      },
      options,
    ),
  )
}

/** Choosing a plan undoes a cancellation. */
async function takeBackCancellation(running: LiveSubscription): Promise<void> {
  if (running.cancelAtPeriodEnd) await resume(running)
}
