import type { Types } from 'mongoose'
import { insertOnce } from '#models/insert-once.server.ts'
import { type Payment, PaymentModel } from '#models/payment.server.ts'
import { openAccount } from '../../credits/account.server.ts'
import { grantCredits } from '../../credits/grant.server.ts'
import { stripePaymentKey } from '../../credits/keys.ts'
import { NotReadyYet } from '../errors.ts'
import { notifyPackPaid } from '../invoices/receipts.server.ts'
import { purchasedLines, packsMetadata } from '../line-items/purchased-lines.ts'
import { creditsByLine, type LineCredits, type SoldLine } from '../line-items/sold-line.ts'
import { soldItems } from '../line-items/sold-lines.server.ts'
import { done, ignored, type Outcome, unmatched } from '../outcome.ts'
import { findPack, welcomeCredits } from '../plans.ts'
import { findAtStripe, isOurs } from '../stripe/client.server.ts'
import { readCharge } from '../stripe/objects/charge.ts'
import type { StripeSession, StripeSessionItem } from '../stripe/objects/checkout-session.ts'

/**
 * Grants the credits of all packs of a paid checkout session, once per payment. With a bank debit the session completes
 * days before it is paid; its second event then calls this again.
 * @param session with all its line items
 * @throws NotReadyYet, CreditsNotComputable: then nothing is granted; try again later
 */
export async function grantPacks(userId: Types.ObjectId, session: StripeSession): Promise<Outcome> {
  if (!session.isPaid) return ignored(`The session ${session.id} is not paid yet.`)
  const { items, byLine } = await whatWasBought(session)
  const credits = byLine.reduce((sum, line) => sum + line.credits, 0)
  const packs = byLine.flatMap(({ line }) => (line.kind === 'pack' ? [line] : []))
  const [first] = packs
  if (!first || credits <= 0) return unmatched(`The session ${session.id} was paid and sells no credit pack.`)
  // A 100% coupon leaves no payment, so the session's ID is the key.
  const paymentId = session.paymentIntentId ?? session.id

  await openAccount(userId, { welcomeCredits })
  const granted = await grantCredits(userId, [
    {
      key: stripePaymentKey(paymentId),
      credits,
      source: { type: 'payment', id: paymentId },
      metadata: packs.length === 1 ? { pack: first.pack.id } : packsMetadata(packs),
    },
  ])
  const isNew = await insertOnce<Payment>(
    PaymentModel,
    { stripePaymentIntentId: paymentId },
    {
      userId,
      stripeCustomerId: session.customerId ?? '',
      stripeCheckoutSessionId: session.id,
      pack: first.pack.id,
      quantity: first.quantity,
      amount: session.amountTotal,
      currency: session.currency,
      creditsAdded: granted.credits,
      lines: purchasedLines(items, byLine, granted.credits),
      status: 'paid',
      ...(await paidBy(session)),
    },
  )
  await notifyPackPaid(paymentId)
  return done(`${paymentId} granted ${granted.credits} credits.`, isNew)
}

interface Bought {
  items: StripeSessionItem[]
  byLine: LineCredits[]
}

/** Priced line items decide; the tag is for sessions without line items. */
async function whatWasBought(session: StripeSession): Promise<Bought> {
  const sold = await soldItems(session)
  const tagged = isOurs(session.metadata) ? session.metadata.pack : undefined
  if (sold.length > 0 || !tagged) return { items: session.items, byLine: creditsByLine(sold) }
  const pack = findPack(tagged)
  if (!pack) throw new NotReadyYet(`The session ${session.id} sells the pack ${tagged}, which the plan file lacks`)
  const { amountTotal: amount, createdAt } = session
  const item = { id: 'line:0', description: null, amount, priceId: null, quantity: 1 }
  // The amount does not matter: the tag means one whole pack.
  const price = { amount: 0, unitAmount: '0', proration: false }
  const line: SoldLine = { ...item, ...price, kind: 'pack', pack, periodStart: createdAt, periodEnd: createdAt }
  return { items: [item], byLine: creditsByLine([line]) }
}

async function paidBy({ paymentIntentId, createdAt }: StripeSession) {
  const intent = paymentIntentId
    ? await findAtStripe((stripe) => stripe.paymentIntents.retrieve(paymentIntentId, { expand: ['latest_charge'] }))
    : null
  const latest = intent?.latest_charge
  if (!latest || typeof latest === 'string') return { paidAt: createdAt, receiptUrl: null }
  return { paidAt: new Date(latest.created * 1000), receiptUrl: readCharge(latest).receiptUrl }
}
