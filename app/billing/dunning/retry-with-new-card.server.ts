import { findUserByCustomer } from '../customers/users.server.ts'
import { CardDeclined } from '../errors.ts'
import { recordPaidInvoice } from '../invoices/record-paid-invoice.server.ts'
import { done, ignored, type Outcome } from '../outcome.ts'
import { callStripe, findAtStripe, isRefused, listAll } from '../stripe/client.server.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { defaultMethodOf } from '../stripe/retrieve-customer.server.ts'
import { paymentIntentsOf } from '../stripe/retrieve-invoice.server.ts'
import { retrieveSubscription } from '../stripe/retrieve-subscription.server.ts'
import { hasLiveSubscription, isOverdue } from '../subscriptions/subscription-state.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'

/**
 * Applies a card changed on Stripe's page: the subscription is charged to it from now on, and open invoices are retried
 * at once, once per card.
 */
export async function retryOpenInvoices(customerId: string): Promise<Outcome> {
  const owner = await findUserByCustomer(customerId)
  const stored = owner?.subscription
  const subscription = await retrieveSubscription(hasLiveSubscription(stored) ? stored?.stripeSubscriptionId : null)
  if (!owner || !subscription) return ignored(`The customer ${customerId} has no live subscription of ours.`)
  const card = await cardOf(subscription, await defaultMethodOf(customerId))
  if (!card || !isOverdue(subscription.status)) return done(`Nothing is owed for ${subscription.id}.`, false)
  const paid = await payWhatIsOwed(subscription.id, card)
  await syncSubscriptions(owner._id)
  return done(`${paid} open invoices of ${subscription.id} were paid with another card.`, paid > 0)
}

/**
 * The card to charge. A subscription from Checkout has its own card, which takes precedence over the customer's even if
 * that one is newer.
 */
async function cardOf({ id, paymentMethodId: own }: StripeSubscription, chosen: string | null): Promise<string | null> {
  if (!own || !chosen || own === chosen) return own ?? chosen
  const [ownSince, chosenSince] = [await createdAt(own), await createdAt(chosen)]
  if (chosenSince <= ownSince) return own
  await callStripe((stripe) =>
    stripe.subscriptions.update(
      id,
      { default_payment_method: chosen },
      { idempotencyKey: `card:${id}:${own}:${chosen}` },
    ),
  )
  return chosen
}

async function createdAt(card: string): Promise<number> {
  const method = await findAtStripe((stripe) => stripe.paymentMethods.retrieve(card))
  return method?.created ?? 0
}

async function payWhatIsOwed(subscription: string, card: string): Promise<number> {
  const open = await listAll((stripe) => stripe.invoices.list({ subscription, status: 'open', limit: 100 }))
  let paid = 0
  for (const { id } of open.reverse()) {
    if (await wasRefused(id, card)) continue
    try {
      await callStripe((stripe) =>
        stripe.invoices.pay(id, { payment_method: card }, { idempotencyKey: `pay:${id}:${card}` }),
      )
    } catch (error) {
      // Declined again, or paid a moment ago: separate events report that.
      if (error instanceof CardDeclined || isRefused(error)) continue
      throw error
    }
    paid++
    await recordPaidInvoice(id)
  }
  return paid
}

/** Stripe has tried this card already and keeps retrying it. */
async function wasRefused(invoice: string, card: string): Promise<boolean> {
  const intents = await paymentIntentsOf(invoice)
  return intents.some(({ last_payment_error: failure }) => failure?.payment_method?.id === card)
}
