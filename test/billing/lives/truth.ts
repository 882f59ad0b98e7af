import type Stripe from 'stripe'
import { findPack } from '#app/billing/plans.ts'
import type { StripeForTests } from '../stripe.ts'
import { trueCredits, type TrueCredits } from './truth-credits.ts'
import { checkWorth } from './worth.ts'

interface Bought {
  amount: number
  creditsAdded: number
  refunded: number
}

/** What Stripe says was bought, paid and given back, put into the words of the app's state. */
export interface Truth {
  subscription: {
    plan: string
    interval: string | null
    status: string | null
    cancelAtPeriodEnd: boolean
    /** Unix seconds. */
    currentPeriodEnd: number | null
  }
  /** Paid invoices by id. */
  invoices: Record<string, Bought>
  /** Paid packs by payment. */
  packs: Record<string, Bought>
  /** Credits that stand reversed, by what had granted them. */
  reversed: Record<string, number>
  /** The sum of all that: what the account would hold had nothing been spent, expired or stayed above a cap. */
  credits: number
  openDisputes: string[]
}

const LIVE = ['active', 'trialing', 'past_due', 'unpaid', 'paused']
/** The money of a dispute is away. */
const TAKEN = ['needs_response', 'under_review', 'lost']

/**
 * Reads it from the sandbox's API by a way of its own: whatever was sold in this world, to whatever customer of the one
 * user. Nothing of the app's billing code is used but the plan file.
 * @param into `bought`: each paid invoice's credits, to be filled for the checks of the ledger; `trialOf`: the invoice
 * that brought a trial's credits, since of several trials whichever is heard of first does, and the others nothing
 */
export async function truthOf(
  context: StripeForTests,
  { bought, trialOf }: { bought: Map<string, TrueCredits>; trialOf: string | null },
): Promise<Truth> {
  const { stripe } = context
  const truth: Truth = {
    subscription: await trueSubscription(context),
    invoices: {},
    packs: {},
    reversed: {},
    credits: 0,
    openDisputes: [],
  }

  const invoices = await stripe.invoices.list({ status: 'paid', limit: 100 }).autoPagingToArray(page)
  for (const invoice of invoices) {
    await checkWorth(context, invoice)
    bought.set(invoice.id, await trueCredits(context, invoice))
  }
  countOneTrial(bought, trialOf)
  const paidFor = new Map<string, { id: string; paid: number; bought: Bought }>()
  for (const { id, amount_paid: amount, total } of invoices) {
    const what = bought.get(id)!
    truth.invoices[id] = { amount, creditsAdded: what.credits + what.trialCredits, refunded: 0 }
    truth.credits += what.credits + what.trialCredits
    for (const { payment } of (await stripe.invoicePayments.list({ invoice: id })).data)
      // A part may have come from the customer's balance.
      paidFor.set(payment.payment_intent as string, { id, paid: Math.max(amount, total), bought: truth.invoices[id] })
  }
  const sessions = await stripe.checkout.sessions.list({ status: 'complete', limit: 100 }).autoPagingToArray(page)
  for (const { id: session, mode, payment_status, payment_intent, amount_total, metadata } of sessions) {
    if (mode !== 'payment' || payment_status === 'unpaid') continue
    const id = (payment_intent as string | null) ?? session
    const creditsAdded = findPack(metadata!.pack!)!.credits
    truth.packs[id] = { amount: amount_total!, creditsAdded, refunded: 0 }
    truth.credits += creditsAdded
    paidFor.set(id, { id, paid: amount_total!, bought: truth.packs[id] })
  }

  for (const charge of await stripe.charges.list({ limit: 100 }).autoPagingToArray(page)) {
    const source = paidFor.get(charge.payment_intent as string)
    if (!charge.paid || !source) continue
    const { refunded, disputed, open } = await goneBack(context, charge.id)
    truth.openDisputes.push(...open)
    const granted = Math.max(0, source.bought.creditsAdded)
    const reversed = Math.floor((granted * Math.min(refunded + disputed, source.paid)) / source.paid)
    source.bought.refunded = refunded
    if (reversed > 0) truth.reversed[source.id] = reversed
    truth.credits -= reversed
  }
  truth.openDisputes.sort()
  return truth
}

/** A trial is given once per person. */
function countOneTrial(bought: Map<string, TrueCredits>, trialOf: string | null): void {
  const trials = [...bought].filter(([, { trialCredits }]) => trialCredits > 0)
  const counts = trials.find(([id]) => id === trialOf) ?? trials[0]
  for (const trial of trials) if (trial !== counts) trial[1].trialCredits = 0
}

/** At most one may live. */
async function trueSubscription({ stripe }: StripeForTests): Promise<Truth['subscription']> {
  const all = await stripe.subscriptions.list({ status: 'all', limit: 100 }).autoPagingToArray(page)
  const [live, ...more] = all.filter(({ status }) => LIVE.includes(status))
  if (more.length > 0) throw new Error(`${more.length + 1} live subscriptions`)
  if (!live) return { plan: 'Free', interval: null, status: null, cancelAtPeriodEnd: false, currentPeriodEnd: null }
  const { price, current_period_end: currentPeriodEnd } = live.items.data[0]!
  const { status, cancel_at_period_end: cancelAtPeriodEnd } = live
  const interval = price.recurring!.interval
  return { plan: price.metadata.plan!, interval, status, cancelAtPeriodEnd, currentPeriodEnd }
}

async function goneBack({ stripe }: StripeForTests, charge: string) {
  const { data: refunds } = await stripe.refunds.list({ charge, limit: 100 })
  const { data: disputes } = await stripe.disputes.list({ charge, limit: 100 })
  const isOpen = ({ status }: Stripe.Dispute) => status === 'needs_response' || status === 'under_review'
  return {
    refunded: sum(refunds.filter(({ status }) => status === 'succeeded')),
    disputed: sum(disputes.filter(({ status }) => TAKEN.includes(status))),
    open: disputes.filter(isOpen).map(({ id }) => id),
  }
}

const page = { limit: 10_000 }
const sum = (parts: { amount: number }[]): number => parts.reduce((total, { amount }) => total + amount, 0)
