import { isLiveMode, listAll } from '../stripe/client.server.ts'
import { readRefund } from '../stripe/objects/charge.ts'
import { readSession } from '../stripe/objects/checkout-session.ts'
import { readInvoice } from '../stripe/objects/invoice.ts'
import { readSubscription, type StripeSubscription } from '../stripe/objects/subscription.ts'
import { EXPANDED } from '../stripe/objects/terms.ts'

/** What to list: everything since a time and, in test mode, all objects of test-clock customers. */
export interface ListRange {
  since: Date
  /** Stripe's lists omit test-clock objects unless asked for their customer. */
  clockCustomers: string[]
}

/**
 * What to list from a time on.
 * @see https://docs.stripe.com/billing/testing/test-clocks/api-advanced-usage
 */
export async function readRange(since: Date): Promise<ListRange> {
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

interface Scope {
  created?: { gte: number }
  customer?: string
}

const sinceOf = ({ since }: ListRange): Scope => ({ created: { gte: Math.floor(since.getTime() / 1000) } })

/** Lists everything since a time and, for each test-clock customer, all there is; each object once. */
async function listOnce<T extends { id: string }>(
  range: ListRange,
  list: (scope: Scope) => Promise<T[]>,
  first: Scope = sinceOf(range),
): Promise<T[]> {
  const found = new Map<string, T>()
  for (const scope of [first, ...range.clockCustomers.map((customer) => ({ customer }))]) {
    for (const one of await list(scope)) found.set(one.id, one)
  }
  return [...found.values()]
}

/** Paid invoices, oldest first. */
export function listPaidInvoices(range: ListRange): Promise<{ id: string; amountPaid: number }[]> {
  const pick = (one: unknown) => {
    const { id, amountPaid } = readInvoice(one)
    return { id, amountPaid }
  }
  return listOnce(range, async (scope) =>
    (await listAll(({ invoices }) => invoices.list({ status: 'paid', limit: 100, ...scope }), pick)).reverse(),
  )
}

/** Paid checkout sessions for one-time purchases without an invoice. */
export async function listPaidPacks(range: ListRange): Promise<{ id: string; paymentId: string }[]> {
  const sessions = await listOnce(range, (scope) =>
    listAll(({ checkout }) => checkout.sessions.list({ status: 'complete', limit: 100, ...scope }), readSession),
  )
  return sessions.flatMap(({ id, mode, isPaid, paymentIntentId, invoiceId }) =>
    mode === 'payment' && isPaid && !invoiceId ? [{ id, paymentId: paymentIntentId ?? id }] : [],
  )
}

/** All subscriptions that have not ended, of any age. */
export function listRunningSubscriptions(range: ListRange): Promise<StripeSubscription[]> {
  const params = { limit: 100, expand: EXPANDED.map((path) => `data.${path}`) }
  return listOnce(
    range,
    (scope) => listAll(({ subscriptions }) => subscriptions.list({ ...params, ...scope }), readSubscription),
    {},
  )
}

/** Charges with refunds, by their ids. */
export async function listRefundedCharges(range: ListRange): Promise<string[]> {
  const found = await listAll(
    ({ refunds }) => refunds.list({ limit: 100, ...sinceOf(range) }),
    (one) => readRefund(one).chargeId,
  )
  for (const charge of await chargesOfClocks(range)) if (charge.amount_refunded > 0) found.push(charge.id)
  return [...new Set(found.filter((id) => id !== null))]
}

/** Credit notes, by their ids. */
export async function listCreditNotes(range: ListRange): Promise<string[]> {
  const found = await listOnce(range, (scope) =>
    listAll(
      ({ creditNotes }) => creditNotes.list({ limit: 100, ...scope }),
      ({ id }) => ({ id }),
    ),
  )
  return found.map(idOf)
}

/** Disputes, by their ids. */
export async function listDisputes(range: ListRange): Promise<string[]> {
  const found = await listAll(({ disputes }) => disputes.list({ limit: 100, ...sinceOf(range) }), idOf)
  for (const { id, disputed } of await chargesOfClocks(range)) {
    if (disputed) found.push(...(await listAll(({ disputes }) => disputes.list({ charge: id, limit: 100 }), idOf)))
  }
  return [...new Set(found)]
}

async function chargesOfClocks({ clockCustomers }: ListRange) {
  const charges = []
  for (const customer of clockCustomers) {
    charges.push(...(await listAll((stripe) => stripe.charges.list({ limit: 100, customer }))))
  }
  return charges
}
