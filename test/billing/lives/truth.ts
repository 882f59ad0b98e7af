import type Stripe from 'stripe'
import type { StripeForTests } from '../stripe.ts'
import { bearersOf, creditsBack, type GoneBack, moneyBack, waivedBy } from './truth-back.ts'
import { trueCredits, type TrueCredits } from './truth-credits.ts'
import { Prices } from './truth-lines.ts'
import { trueSubscription, type TrueSubscription } from './truth-subscription.ts'
import { checkWorth } from './worth.ts'

/** A row of the billing history. */
export interface Bought {
  /** Null unless the invoice sells a plan. */
  plan: string | null
  interval: string | null
  intervalCount: number | null
  amount: number
  currency: string
  creditsAdded: number
  refunded: number
  creditsReversed: number
  gone: GoneBack['gone']
}

/** What was bought, paid and refunded at Stripe, in the terms of the app's state. */
export interface Truth {
  subscription: TrueSubscription
  /** Paid invoices by id. */
  invoices: Record<string, Bought>
  /** Paid carts of packs, by payment. */
  packs: Record<string, Bought>
  /** Credits currently reversed, by the purchase that granted them. */
  reversed: Record<string, number>
  /** The total: the balance if nothing had been spent, expired or taken by a cap. */
  credits: number
  openDisputes: string[]
}

/**
 * Reads it from the sandbox's API independently: everything sold in this sandbox, to any customer of the one
 * user. Nothing of the app's billing code is used but the plan file.
 * @param into `bought`: each paid invoice's credits, to be filled for the checks of the ledger; `trialOf`: the invoice
 * that brought a trial's credits, since of several trials whichever is heard of first does, and the others nothing
 */
export async function truthOf(
  context: StripeForTests,
  { bought, trialOf }: { bought: Map<string, TrueCredits>; trialOf: string | null },
): Promise<Truth> {
  const { stripe } = context
  const prices = new Prices(context)
  const subscription = await trueSubscription(context, prices)
  const truth: Truth = { subscription, invoices: {}, packs: {}, reversed: {}, credits: 0, openDisputes: [] }

  const invoices = await stripe.invoices.list({ status: 'paid', limit: 100 }).autoPagingToArray(page)
  for (const invoice of invoices) {
    await checkWorth(context, invoice)
    bought.set(invoice.id, await trueCredits(prices, invoice))
  }
  countOneTrial(bought, trialOf)
  const charges = (await stripe.charges.list({ limit: 100 }).autoPagingToArray(page)).filter(({ paid }) => paid)
  const notes = await stripe.creditNotes.list({ limit: 100 }).autoPagingToArray(page)

  for (const invoice of invoices) {
    const { id } = invoice
    const intents = (await stripe.invoicePayments.list({ invoice: id })).data.map(
      ({ payment }) => payment.payment_intent,
    )
    const own = charges.filter(({ payment_intent }) => intents.includes(payment_intent as string))
    await count(context, truth, {
      ...{ into: truth.invoices, id, charges: own, notes: notes.filter((note) => note.invoice === id) },
      ...{ row: rowOf(invoice, bought.get(id)!), bought: bought.get(id)! },
      // A part may have been paid from the customer's balance.
      paid: Math.max(
        own.reduce((sum, { amount }) => sum + amount, 0),
        invoice.amount_paid,
        invoice.total - invoice.pre_payment_credit_notes_amount,
      ),
    })
  }
  const sessions = await stripe.checkout.sessions.list({ status: 'complete', limit: 100 }).autoPagingToArray(page)
  for (const session of sessions) {
    if (session.mode !== 'payment' || session.payment_status === 'unpaid' || session.invoice) continue
    const id = (session.payment_intent as string | null) ?? session.id
    await count(context, truth, {
      ...{ into: truth.packs, id, charges: charges.filter(({ payment_intent }) => payment_intent === id), notes: [] },
      ...{ row: await cartOf(context, prices, session), bought: null, paid: session.amount_total! },
    })
  }
  truth.openDisputes.sort()
  return truth
}

interface Purchase {
  into: Truth['invoices']
  id: string
  row: Bought
  bought: TrueCredits | null
  charges: Stripe.Charge[]
  notes: Stripe.CreditNote[]
  paid: number
}

/** Adds one purchase, less its refunds. */
async function count(context: StripeForTests, truth: Truth, purchase: Purchase): Promise<void> {
  const { into, id, row, bought, charges, notes, paid } = purchase
  const back = await moneyBack(context, charges, { paid, notes })
  const bearers = bought && bearersOf(bought.lines, waivedBy(notes), row.creditsAdded)
  const reversed = creditsBack(row.creditsAdded, back, { paid, bearers })
  into[id] = { ...row, refunded: back.refunded, creditsReversed: reversed, gone: back.gone }
  if (reversed > 0) truth.reversed[id] = reversed
  truth.credits += row.creditsAdded - reversed
  truth.openDisputes.push(...back.openDisputes)
}

const nothingBack = { refunded: 0, creditsReversed: 0, gone: null }

function rowOf(invoice: Stripe.Invoice, { main, credits, trialCredits }: TrueCredits): Bought {
  return {
    ...nothingBack,
    plan: main?.plan?.name ?? null,
    interval: main?.interval?.interval ?? null,
    intervalCount: main?.interval?.interval_count ?? null,
    amount: invoice.amount_paid,
    currency: invoice.currency,
    creditsAdded: credits + trialCredits,
  }
}

/** All packs of a paid page; anything else that it sold grants nothing. */
async function cartOf({ stripe }: StripeForTests, prices: Prices, session: Stripe.Checkout.Session): Promise<Bought> {
  let creditsAdded = 0
  for (const { price, quantity } of (await stripe.checkout.sessions.listLineItems(session.id)).data) {
    const { pack } = await prices.of(price!.id)
    creditsAdded += (pack?.credits ?? 0) * quantity!
  }
  const { amount_total: amount, currency } = session
  return {
    ...nothingBack,
    ...{ plan: null, interval: null, intervalCount: null },
    ...{ amount: amount!, currency: currency!, creditsAdded },
  }
}

/** A trial is given once per person. */
function countOneTrial(bought: Map<string, TrueCredits>, trialOf: string | null): void {
  const trials = [...bought].filter(([, { trialCredits }]) => trialCredits > 0)
  const counts = trials.find(([id]) => id === trialOf) ?? trials[0]
  for (const trial of trials) if (trial !== counts) trial[1].trialCredits = 0
}

const page = { limit: 10_000 }
