import { creditsForInvoice } from '#app/billing/credits-for-invoice.ts'
import { planLines } from '#app/billing/plan-lines.server.ts'
import { findPack } from '#app/billing/plans.ts'
import { findPrice } from '#app/billing/prices.server.ts'
import { readInvoice, readSession } from '#app/billing/stripe-shapes.ts'
import type { StripeForTests } from '../stripe.ts'

/** What Stripe says was bought, paid and given back, put into the words of the app's state. */
export interface Truth {
  subscription: { plan: string; interval: string | null; status: string | null; cancelAtPeriodEnd: boolean }
  /** Paid invoices by id. */
  invoices: Record<string, { amount: number; creditsAdded: number; refunded: number }>
  /** Paid packs by payment. */
  packs: Record<string, { amount: number; creditsAdded: number; refunded: number }>
  /** Credits that stand reversed, by what had granted them. */
  reversed: Record<string, number>
  /** The sum of all that: what the account would hold had nothing been spent. */
  credits: number
  openDisputes: string[]
}

const LIVE = ['active', 'trialing', 'past_due', 'unpaid', 'paused']
const TAKEN = ['needs_response', 'under_review', 'lost']

/** Reads it from the sandbox's API, by a way of its own: nothing of the app's reversal or sync code is used. */
export async function truthOf({ stripe }: StripeForTests, customer: string | null): Promise<Truth> {
  const truth: Truth = {
    subscription: { plan: 'Free', interval: null, status: null, cancelAtPeriodEnd: false },
    invoices: {},
    packs: {},
    reversed: {},
    credits: 0,
    openDisputes: [],
  }
  if (!customer) return truth

  const subscriptions = await stripe.subscriptions.list({ customer, status: 'all', limit: 100 }).autoPagingToArray(page)
  const live = subscriptions.filter(({ status }) => LIVE.includes(status))
  if (live.length > 1) throw new Error(`${live.length} live subscriptions`)
  for (const { status, items, cancel_at_period_end: cancelAtPeriodEnd } of live) {
    const price = await findPrice(items.data[0]!.price.id)
    if (price?.offer.kind !== 'plan') throw new Error('A subscription to no plan')
    truth.subscription = { plan: price.offer.plan.name, interval: price.offer.interval, status, cancelAtPeriodEnd }
  }

  const paidFor = new Map<string, { type: string; id: string; granted: number; paid: number }>()
  for (const invoice of await stripe.invoices.list({ customer, status: 'paid', limit: 100 }).autoPagingToArray(page)) {
    const { credits } = creditsForInvoice(await planLines(readInvoice(invoice).lines), { gracePeriodDays: 3 })
    const granted = Math.max(0, credits)
    truth.invoices[invoice.id] = { amount: invoice.amount_paid, creditsAdded: granted, refunded: 0 }
    truth.credits += credits
    const { data } = await stripe.invoicePayments.list({ invoice: invoice.id })
    for (const { payment } of data) {
      const intent = payment.payment_intent
      if (typeof intent === 'string')
        paidFor.set(intent, { type: 'invoice', id: invoice.id, granted, paid: invoice.amount_paid })
    }
  }
  const sessions = await stripe.checkout.sessions
    .list({ customer, status: 'complete', limit: 100, expand: ['data.line_items'] })
    .autoPagingToArray(page)
  for (const session of sessions) {
    const { mode, isPaid, paymentIntentId, amountTotal } = readSession(session)
    if (mode !== 'payment' || !isPaid || !paymentIntentId) continue
    const granted = findPack(session.metadata?.pack ?? '')?.credits ?? 0
    truth.packs[paymentIntentId] = { amount: amountTotal, creditsAdded: granted, refunded: 0 }
    truth.credits += granted
    paidFor.set(paymentIntentId, { type: 'payment', id: paymentIntentId, granted, paid: amountTotal })
  }

  for (const charge of await stripe.charges.list({ customer, limit: 100 }).autoPagingToArray(page)) {
    const intent = charge.payment_intent
    const source = typeof intent === 'string' ? paidFor.get(intent) : undefined
    if (!charge.paid || !source) continue
    const { data: refunds } = await stripe.refunds.list({ charge: charge.id, limit: 100 })
    const { data: disputes } = await stripe.disputes.list({ charge: charge.id, limit: 100 })
    for (const { id, status } of disputes) {
      if (['needs_response', 'under_review'].includes(status)) truth.openDisputes.push(id)
    }
    const refunded = sum(refunds.filter(({ status }) => status === 'succeeded').map(({ amount }) => amount))
    const disputed = sum(disputes.filter(({ status }) => TAKEN.includes(status)).map(({ amount }) => amount))
    const share = Math.min(refunded + disputed, source.paid) / source.paid
    const reversed = Math.floor(source.granted * share + 1e-9)
    const bought = source.type === 'invoice' ? truth.invoices[source.id] : truth.packs[source.id]
    bought!.refunded = refunded
    if (reversed > 0) truth.reversed[source.id] = reversed
    truth.credits -= reversed
  }
  truth.openDisputes.sort()
  return truth
}

const page = { limit: 10_000 }
const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)
