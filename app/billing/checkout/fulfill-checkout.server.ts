import { orAskForAttention } from '../findings/attention.server.ts'
import { done, ignored, type Outcome } from '../outcome.ts'
import { nobodys, ownerOf } from '../customers/resolve-user.server.ts'
import { grantPacks } from './fulfill-pack.server.ts'
import { processPaidInvoice } from '../invoices/record-paid-invoice.server.ts'
import { callStripe, findAtStripe, isOurs, isRefused, listAll } from '../stripe/client.server.ts'
import { readSession, readSessionItem, type StripeSession } from '../stripe/objects/checkout-session.ts'
import { readSubscription } from '../stripe/objects/subscription.ts'
import { hasLiveSubscription } from '../subscriptions/subscription-state.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'

/**
 * Does what a completed checkout session calls for: the credits of a pack, or a subscription with its first invoice.
 * @param sessionId read back from Stripe
 * @param received the event's own object, for a session that Stripe no longer knows
 */
export async function processCheckout(sessionId: string, received?: unknown): Promise<Outcome> {
  const session = await readBackSession(sessionId, received)
  if (session?.status !== 'complete') return ignored(`The session ${sessionId} is not complete.`)
  const user = await ownerOf(session)
  if (!user) {
    return nobodys(
      session,
      `The completed session ${sessionId}`,
      session.items.map(({ priceId }) => priceId),
    )
  }
  // Where the purchase has an invoice, the invoice grants, and nothing is granted twice.
  if (session.mode === 'payment' && session.invoiceId) return processPaidInvoice(session.invoiceId)
  if (session.mode === 'payment') {
    return orAskForAttention({ kind: 'session', id: sessionId }, () => grantPacks(user._id, session))
  }
  if (session.mode !== 'subscription') return ignored(`The session ${sessionId} sells nothing.`)

  const { subscription } = await syncSubscriptions(user._id)
  // Word of a purchase that is over may come late, when somebody buys again.
  if (hasLiveSubscription(subscription)) await closeOtherPages(session)
  const invoiceId = await firstInvoice(session)
  if (invoiceId) return processPaidInvoice(invoiceId)
  return done(`The session ${sessionId} is complete; the plan is ${subscription?.plan ?? 'Free'}.`)
}

/**
 * Whoever has a plan is not to buy a second one on a page that another tab still shows. A page that is paid at this very
 * moment is dealt with by {@link syncSubscriptions}.
 */
async function closeOtherPages({ id: paid, customerId: customer }: StripeSession): Promise<void> {
  if (!customer) return
  const open = await findAtStripe((stripe) => stripe.checkout.sessions.list({ customer, status: 'open', limit: 100 }))
  for (const { id, mode, metadata } of open?.data ?? []) {
    if (id === paid || mode !== 'subscription' || !isOurs(metadata)) continue
    await callStripe((stripe) => stripe.checkout.sessions.expire(id)).catch((error: unknown) => {
      // It was paid or closed a moment ago.
      if (!isRefused(error)) throw error
    })
  }
}

async function readBackSession(sessionId: string, received: unknown): Promise<StripeSession | null> {
  const found = await findAtStripe((stripe) => stripe.checkout.sessions.retrieve(sessionId, { expand: ['line_items'] }))
  if (!found) return received === undefined ? null : readSession(received)
  const session = readSession(found)
  if (!session.hasMoreItems) return session
  const items = await listAll((stripe) => stripe.checkout.sessions.listLineItems(sessionId, { limit: 100 }))
  return { ...session, items: items.map(readSessionItem), hasMoreItems: false }
}

async function firstInvoice({ subscriptionId }: StripeSession): Promise<string | null> {
  if (!subscriptionId) return null
  const subscription = await findAtStripe((stripe) => stripe.subscriptions.retrieve(subscriptionId))
  return subscription && readSubscription(subscription).latestInvoiceId
}
