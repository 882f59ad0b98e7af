import { resolveUser, unmatchedOutcome } from '../customers/resolve-user.server.ts'
import { orAskForAttention } from '../findings/attention.server.ts'
import { recordPaidInvoice } from '../invoices/record-paid-invoice.server.ts'
import { done, ignored, type Outcome, unknownAtStripe } from '../outcome.ts'
import { callStripe, findAtStripe, isOurs, listAll, unlessRefused } from '../stripe/client.server.ts'
import { readSession, readSessionItem, type StripeSession } from '../stripe/objects/checkout-session.ts'
import { retrieveSubscription } from '../stripe/retrieve-subscription.server.ts'
import { hasLiveSubscription } from '../subscriptions/subscription-state.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { grantPacks } from './fulfill-pack.server.ts'

/**
 * Fulfills a completed checkout session: grants the credits of packs, or records the first invoice of a subscription.
 * @param sessionId retrieved from Stripe
 * @throws NotReadyYet, CreditsNotComputable, CreditsUnavailable, StripeUnavailable: try again later
 */
export async function fulfillCheckout(sessionId: string): Promise<Outcome> {
  const session = await retrieveSession(sessionId)
  return session ? fulfillSession(session) : unknownAtStripe(`Stripe does not know the session ${sessionId}.`)
}

/** Fulfills a session as given, if it is complete. */
export async function fulfillSession(session: StripeSession): Promise<Outcome> {
  const { id: sessionId } = session
  if (session.status !== 'complete') return ignored(`The session ${sessionId} is not complete.`)
  const user = await resolveUser(session)
  if (!user) return unmatchedOutcome(session, `The completed session ${sessionId}`, session.items)
  // If the purchase has an invoice, the invoice grants the credits.
  if (session.mode === 'payment' && session.invoiceId) return recordPaidInvoice(session.invoiceId)
  if (session.mode === 'payment') {
    return orAskForAttention({ kind: 'session', id: sessionId }, () => grantPacks(user._id, session))
  }
  if (session.mode !== 'subscription') return ignored(`The session ${sessionId} sells nothing.`)

  const { subscription } = await syncSubscriptions(user._id)
  // This event may be late, after the plan has already ended.
  if (hasLiveSubscription(subscription)) await closeOtherPages(session)
  const invoiceId = (await retrieveSubscription(session.subscriptionId))?.latestInvoiceId
  if (invoiceId) return recordPaidInvoice(invoiceId)
  return done(`The session ${sessionId} is complete; the plan is ${subscription?.plan ?? 'Free'}.`)
}

/**
 * Expires the customer's other open sessions, so that no second plan is bought in another tab. One that is paid at this
 * moment is handled by {@link syncSubscriptions}.
 */
async function closeOtherPages({ id: paid, customerId: customer }: StripeSession): Promise<void> {
  if (!customer) return
  const open = await findAtStripe((stripe) => stripe.checkout.sessions.list({ customer, status: 'open', limit: 100 }))
  for (const { id, mode, metadata } of open?.data ?? []) {
    if (id === paid || mode !== 'subscription' || !isOurs(metadata)) continue
    // It may have been paid or closed a moment ago.
    await unlessRefused(callStripe((stripe) => stripe.checkout.sessions.expire(id)))
  }
}

async function retrieveSession(sessionId: string): Promise<StripeSession | null> {
  const found = await findAtStripe((stripe) => stripe.checkout.sessions.retrieve(sessionId, { expand: ['line_items'] }))
  if (!found) return null
  const session = readSession(found)
  if (!session.hasMoreItems) return session
  const items = await listAll(
    (stripe) => stripe.checkout.sessions.listLineItems(sessionId, { limit: 100 }),
    readSessionItem,
  )
  return { ...session, items, hasMoreItems: false }
}
