import type { Types } from 'mongoose'
import { type Payment, PaymentModel } from '#models/payment.server.ts'
import { openAccount } from '../credits/account.server.ts'
import { grantCredits } from '../credits/grant.server.ts'
import { stripePaymentKey } from '../credits/keys.ts'
import { NotReadyYet } from './errors.ts'
import { done, ignored, type Outcome, unclaimed } from './outcome.ts'
import { tellPackPaid } from './payment-mails.server.ts'
import { findPack, type Pack, welcomeCredits } from './plans.ts'
import { findPrice } from './prices.server.ts'
import { APP_TAG, findAtStripe } from './stripe.server.ts'
import { readCharge } from './stripe-shapes/charge.ts'
import type { StripeSession } from './stripe-shapes/session.ts'
import { upsertOnce } from './upsert-once.server.ts'

/**
 * Gives the credits of a pack that is paid, once per payment: a purchase by bank debit is complete long before it is
 * paid, and then comes here again.
 * @param userId the buyer
 * @param session the checkout session with its line items
 */
export async function grantPack(userId: Types.ObjectId, session: StripeSession): Promise<Outcome> {
  if (!session.isPaid) return ignored(`The session ${session.id} is not paid yet.`)
  const bought = await packOf(session)
  if (!bought) return unclaimed(`The session ${session.id} was paid and sells no credit pack.`)
  const { pack, quantity } = bought
  // A coupon for everything leaves no payment behind; the session then stands for it.
  const paymentId = session.paymentIntentId ?? session.id

  await openAccount(userId, { welcomeCredits })
  const granted = await grantCredits(userId, [
    {
      key: stripePaymentKey(paymentId),
      credits: pack.credits * quantity,
      source: { type: 'payment', id: paymentId },
      metadata: { pack: pack.id },
    },
  ])
  const isNew = await upsertOnce<Payment>(
    PaymentModel,
    { stripePaymentIntentId: paymentId },
    {
      userId,
      stripeCustomerId: session.customerId ?? '',
      stripeCheckoutSessionId: session.id,
      pack: pack.id,
      quantity,
      amount: session.amountTotal,
      currency: session.currency,
      creditsAdded: granted.credits,
      status: 'paid',
      ...(await paidBy(session)),
    },
  )
  await tellPackPaid(paymentId)
  return done(`${paymentId} brought ${granted.credits} credits.`, isNew)
}

/** By the prices that were paid; the tag is for a session that came without its items. */
async function packOf(session: StripeSession): Promise<{ pack: Pack; quantity: number } | null> {
  for (const { priceId, quantity } of session.items) {
    const price = priceId ? await findPrice(priceId) : null
    if (price?.offer.kind === 'pack') return { pack: price.offer.pack, quantity }
  }
  const tagged = session.metadata.app === APP_TAG ? session.metadata.pack : undefined
  if (!tagged) return null
  const pack = findPack(tagged)
  if (!pack) throw new NotReadyYet(`The session ${session.id} sells the pack ${tagged}, which the plan file lacks`)
  return { pack, quantity: 1 }
}

async function paidBy({ paymentIntentId, createdAt }: StripeSession) {
  const intent = paymentIntentId
    ? await findAtStripe((stripe) => stripe.paymentIntents.retrieve(paymentIntentId, { expand: ['latest_charge'] }))
    : null
  const latest = intent?.latest_charge
  if (!latest || typeof latest === 'string') return { paidAt: createdAt, receiptUrl: null }
  return { paidAt: new Date(latest.created * 1000), receiptUrl: readCharge(latest).receiptUrl }
}
