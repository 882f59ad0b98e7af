import { isLiveMode, listAll } from '../stripe/client.server.ts'
import { readDispute, readRefund } from '../stripe/objects/charge.ts'
import { readSession } from '../stripe/objects/checkout-session.ts'
import { readInvoice } from '../stripe/objects/invoice.ts'
import { readSubscription, type StripeSubscription } from '../stripe/objects/subscription.ts'
import { EXPANDED } from '../stripe/objects/terms.ts'

/** What to list: everything since a time and, in test mode, all objects of test-clock customers. */
export interface Walk {
  since: Date
  /** Stripe's lists omit test-clock objects unless asked for their customer. */
  clockCustomers: string[]
}

/** @see https://docs.stripe.com/billing/testing/test-clocks/api-advanced-usage */
export async function startWalk(since: Date): Promise<Walk> {
  const clockCustomers: string[] = []
  if (!isLiveMode()) {
    for (const clock of await listAll(({ testHelpers }) => testHelpers.testClocks.list({ limit: 100 }))) {
      const params = { test_clock: clock.id, limit: 100 }
      clockCustomers.push(...(await listAll(({ customers }) => customers.list(params), idOf)))
    }
  }
  // Stripe accepts no time before 1970.
  return { since: new Date(Math.max(0, since.getTime())), clockCustomers }
}

const idOf = ({ id }: { id: string }): string => id
const sinceOf = ({ since }: Walk) => ({ created: { gte: Math.floor(since.getTime() / 1000) } })
const ofClocks = ({ clockCustomers }: Walk) => clockCustomers.map((customer) => ({ customer }))

/** Paid invoices, oldest first. */
export async function walkPaidInvoices(walk: Walk): Promise<{ id: string; amountPaid: number }[]> {
  const found = new Map<string, { id: string; amountPaid: number }>()
  for (const scope of [sinceOf(walk), ...ofClocks(walk)]) {
    const params = { status: 'paid' as const, limit: 100, ...scope }
    const invoices = await listAll(
      ({ invoices }) => invoices.list(params),
      (one) => readInvoice(one),
    )
    for (const { id, amountPaid } of invoices.reverse()) found.set(id, { id, amountPaid })
  }
  return [...found.values()]
}

/** Paid checkout sessions for one-time purchases without an invoice. */
export async function walkPaidPacks(walk: Walk): Promise<{ id: string; paymentId: string }[]> {
  const found = new Map<string, { id: string; paymentId: string }>()
  for (const scope of [sinceOf(walk), ...ofClocks(walk)]) {
    const params = { status: 'complete' as const, limit: 100, ...scope }
    const sessions = await listAll(
      ({ checkout }) => checkout.sessions.list(params),
      (one) => readSession(one),
    )
    for (const { id, mode, isPaid, paymentIntentId, invoiceId } of sessions) {
      if (mode === 'payment' && isPaid && !invoiceId) found.set(id, { id, paymentId: paymentIntentId ?? id })
    }
  }
  return [...found.values()]
}

/** All subscriptions that have not ended, of any age. */
export async function walkSubscriptions(walk: Walk): Promise<StripeSubscription[]> {
  const found = new Map<string, StripeSubscription>()
  for (const scope of [{}, ...ofClocks(walk)]) {
    const live = await listAll(
      ({ subscriptions }) =>
        subscriptions.list({ limit: 100, expand: EXPANDED.map((path) => `data.${path}`), ...scope }),
      (one) => readSubscription(one),
    )
    for (const subscription of live) found.set(subscription.id, subscription)
  }
  return [...found.values()]
}

/** Charges with refunds. */
export async function walkRefundedCharges(walk: Walk): Promise<string[]> {
  const params = { limit: 100, ...sinceOf(walk) }
  const found = await listAll(
    ({ refunds }) => refunds.list(params),
    (one) => readRefund(one).chargeId,
  )
  for (const charge of await chargesOfClocks(walk)) if (charge.amount_refunded > 0) found.push(charge.id)
  return [...new Set(found.filter((id) => id !== null))]
}

/** Credit notes, by their ids. */
export async function walkCreditNotes(walk: Walk): Promise<string[]> {
  const found = []
  for (const scope of [sinceOf(walk), ...ofClocks(walk)]) {
    found.push(...(await listAll(({ creditNotes }) => creditNotes.list({ limit: 100, ...scope }), idOf)))
  }
  return [...new Set(found)]
}

/** Disputes, by their ids. */
export async function walkDisputes(walk: Walk): Promise<string[]> {
  const params = { limit: 100, ...sinceOf(walk) }
  const found = await listAll(
    ({ disputes }) => disputes.list(params),
    (one) => readDispute(one).id,
  )
  for (const { id, disputed } of await chargesOfClocks(walk)) {
    if (disputed) found.push(...(await listAll(({ disputes }) => disputes.list({ charge: id, limit: 100 }), idOf)))
  }
  return [...new Set(found)]
}

async function chargesOfClocks(walk: Walk) {
  const charges = []
  for (const scope of ofClocks(walk)) {
    charges.push(...(await listAll((stripe) => stripe.charges.list({ limit: 100, ...scope }))))
  }
  return charges
}
