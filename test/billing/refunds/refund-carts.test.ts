import { describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { listOffers } from '#app/billing/catalog/offers.ts'
import { priceIdOf } from '#app/billing/catalog/prices.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { decide, dispute } from '../bank.ts'
import { aPayer, aService } from '../by-hand.ts'
import { newestCharge } from '../customers.ts'
import { creditsOf, Deliveries } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)

const packPrice = (id: string) =>
  priceIdOf(listOffers().find((offer) => offer.kind === 'pack' && offer.pack.id === id)!)

/** A user who paid for packs of 500 and 2,000 on one page, and for more beside them. */
async function cart(...more: string[]) {
  const user = await aPayer(context)
  const prices = [await packPrice('500'), await packPrice('2000'), ...more]
  const session = await context.stripe.checkout.sessions.create({
    mode: 'payment',
    customer: user.stripeCustomerId,
    line_items: prices.map((price) => ({ price, quantity: 1 })),
    success_url: 'http://localhost:3000/',
  })
  context.sandbox.completeCheckout(session.id)
  await deliveries.deliver()
  expect(await creditsOf(user)).toBe(2500)
  const charge = await newestCharge(context, user)
  const row = async () => PaymentModel.findOne({ userId: user._id }).lean()
  return { user, charge: charge.id, paid: charge.amount, row }
}
const twiceBackwards = <Event>(events: Event[]) => [...events, ...events].reverse()

describe('a cart of two packs', () => {
  it('a cart of two packs refunded by half loses half of all its credits, and the rest with the rest', async () => {
    const { user, charge, paid, row } = await cart()
    await context.stripe.refunds.create({ charge, amount: paid / 2 })
    await deliveries.deliver({ order: twiceBackwards })
    expect(await creditsOf(user)).toBe(1250)
    expect(await row()).toMatchObject({ status: 'partially_refunded', amountRefunded: paid / 2, creditsReversed: 1250 })
    await context.stripe.refunds.create({ charge })
    await deliveries.deliver({ order: twiceBackwards })
    expect(await creditsOf(user)).toBe(0)
    expect(await row()).toMatchObject({ status: 'refunded', creditsReversed: 2500 })
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })

  it.each([
    ['won', 2500, { status: 'paid', creditsReversed: 0 }],
    ['lost', 0, { status: 'dispute_lost', creditsReversed: 2500 }],
  ] as const)('a disputed cart of two packs, %s, ends with %i credits', async (verdict, credits, end) => {
    const { user, charge, row } = await cart()
    const id = dispute(context, charge)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(0)
    expect(await row()).toMatchObject({ status: 'disputed', creditsReversed: 2500 })
    await decide(context, id, verdict)
    await deliveries.deliver({ order: twiceBackwards })
    expect(await creditsOf(user)).toBe(credits)
    expect(await row()).toMatchObject(end)
  })

  it('a cart of two packs and a service loses credits by the refunded share of the whole amount', async () => {
    const { user, charge, paid } = await cart(await aService(context))
    await context.stripe.refunds.create({ charge, amount: 5000 })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(2500 - Math.floor((2500 * 5000) / paid))
  })
})
