import { describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { listOffers, tagOf } from '#app/billing/catalog/offers.ts'
import { priceIdOf } from '#app/billing/catalog/prices.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { wordsOf } from '#app/usage/entry-words.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import type { User } from '#models/user.server.ts'
import { failRefund } from '#sandbox/stripe/billing/payments/refund.ts'
import { useDatabase } from '#test/setup/database.ts'
import { dispute } from '../bank.ts'
import { useSandboxClock } from '../clock.ts'
import { spend } from '../customers.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

interface Sold {
  user: User
  invoice: string
  charge: string
  /** The invoice's lines. */
  plan: string
  other: string
}

const beginner = listOffers().find((offer) => offer.kind === 'plan' && offer.plan.name === 'Beginner')!
const pack = listOffers().find((offer) => offer.kind === 'pack' && offer.pack.id === '2000')!

async function aService(): Promise<string> {
  const recurring = { interval: 'month' as const }
  const product_data = { name: 'Set-up service' }
  const { id } = await context.stripe.prices.create({ currency: 'usd', unit_amount: 9000, recurring, product_data })
  return id
}

/** A user who paid $100 at once: Beginner for $10, and another line of $90. */
async function planAnd(other: () => Promise<string>): Promise<Sold> {
  const user = await aUser()
  await deliveries.buy({ user, pack: '500' })
  await deliveries.deliver()
  await spend(user, 500)
  const customer = (await readUser(user._id)).stripeCustomerId!
  const { id } = await context.stripe.paymentMethods.attach('pm_card_visa', { customer })
  await context.stripe.subscriptions.create({
    customer,
    default_payment_method: id,
    items: [{ price: await priceIdOf(beginner) }, { price: await other() }],
  })
  await deliveries.deliver()
  const [invoice] = (await context.stripe.invoices.list({ customer, limit: 1 })).data
  const [charge] = (await context.stripe.charges.list({ customer, limit: 1 })).data
  const lineOf = (amount: number) => invoice!.lines.data.find((line) => line.amount === amount)!.id
  return { user, invoice: invoice!.id, charge: charge!.id, plan: lineOf(1000), other: lineOf(9000) }
}

const withService = async () => {
  const sold = await planAnd(aService)
  expect(await creditsOf(sold.user)).toBe(1000)
  return sold
}

const line = (id: string, amount: number) => ({ type: 'invoice_line_item' as const, invoice_line_item: id, amount })
/** Refunds a line to the card, by a credit note. */
const refundLine = ({ invoice }: Sold, id: string, amount: number) =>
  context.stripe.creditNotes.create({ invoice, lines: [line(id, amount)], refund_amount: amount })
const rowOf = async (user: User) => (await historyOf(user)).find(({ planName }) => planName === 'Beginner')
const twiceBackwards = <Event>(events: Event[]) => [...events, ...events].reverse()

async function expectSound(): Promise<void> {
  expect((await auditGrants()).violations).toEqual([])
  expect((await auditCredits()).violations).toEqual([])
  expect(await reconcile()).toMatchObject({ done: [], failed: [] })
}

describe('an invoice of a $10 plan and a $90 service', () => {
  it('an invoice whose service is refunded by a credit note keeps all its credits', async () => {
    const sold = await withService()
    await refundLine(sold, sold.other, 9000)
    await deliveries.deliver({ order: twiceBackwards })
    expect(await creditsOf(sold.user)).toBe(1000)
    expect(await rowOf(sold.user)).toMatchObject({ amountRefunded: 9000, creditsReversed: 0 })
    const mails = await NotificationModel.find({ userId: sold.user._id, kind: 'refund' }).lean()
    expect(mails).toMatchObject([{ data: { amount: 9000, credits: 0 } }])
    await expectSound()
  })

  it('an invoice whose plan is refunded by a credit note loses all its credits, whichever event comes first', async () => {
    const sold = await withService()
    await refundLine(sold, sold.plan, 1000)
    await deliveries.deliver({ order: (events) => events.filter(({ type }) => type === 'credit_note.created') })
    expect(await creditsOf(sold.user)).toBe(0)
    await deliveries.deliver()
    expect(await creditsOf(sold.user)).toBe(0)
    expect(await rowOf(sold.user)).toMatchObject({ amountRefunded: 1000, creditsReversed: 1000 })
  })

  it('an invoice with a bare partial refund loses credits by the refunded share of the whole amount', async () => {
    const sold = await withService()
    await context.stripe.refunds.create({ charge: sold.charge, amount: 9000 })
    await deliveries.deliver({ order: twiceBackwards })
    expect(await creditsOf(sold.user)).toBe(100)
    expect(await rowOf(sold.user)).toMatchObject({ amountRefunded: 9000, creditsReversed: 900 })
  })

  it('an invoice whose line is credited to the customer’s balance loses what that line granted', async () => {
    const sold = await withService()
    const { invoice, plan, other } = sold
    const lines = [line(other, 2000), line(plan, 400)]
    await context.stripe.creditNotes.create({ invoice, lines, refund_amount: 1500, credit_amount: 900 })
    await deliveries.deliver({ order: twiceBackwards })
    expect(await creditsOf(sold.user)).toBe(600)
    expect(await rowOf(sold.user)).toMatchObject({ amountRefunded: 2400, creditsReversed: 400 })
    await expectSound()
  })

  it('an invoice gets credits back when a later credit note says that a bare refund was for the service', async () => {
    const sold = await withService()
    const { id: refund } = await context.stripe.refunds.create({ charge: sold.charge, amount: 9000 })
    await deliveries.deliver()
    expect(await creditsOf(sold.user)).toBe(100)
    await context.stripe.creditNotes.create({
      invoice: sold.invoice,
      lines: [line(sold.other, 9000)],
      refunds: [{ refund }],
    })
    await deliveries.deliver({ order: twiceBackwards })
    expect(await creditsOf(sold.user)).toBe(1000)
    expect(await rowOf(sold.user)).toMatchObject({ amountRefunded: 9000, creditsReversed: 0 })
    const { entries } = await listEntries(sold.user._id, { limit: 2 })
    expect(entries.map((entry) => [wordsOf(entry, 'UTC').title, entry.amount])).toEqual([
      ['Refund assigned to its line of the invoice', 900],
      ['Refund reversal', -900],
    ])
    const { world } = context.sandbox
    world.run(() => failRefund(world, world.tables.refunds.get(refund)!))
    await deliveries.deliver({ order: twiceBackwards })
    expect(await creditsOf(sold.user)).toBe(1000)
    await expectSound()
  })

  it('an invoice loses more when a later credit note says that a bare refund was for the plan, and gets it back when it fails', async () => {
    const sold = await withService()
    const { id: refund } = await context.stripe.refunds.create({ charge: sold.charge, amount: 1000 })
    await deliveries.deliver()
    expect(await creditsOf(sold.user)).toBe(900)
    await context.stripe.creditNotes.create({
      invoice: sold.invoice,
      lines: [line(sold.plan, 1000)],
      refunds: [{ refund }],
    })
    const events = deliveries.take()
    await Promise.all([...events, ...events].map((event) => post(JSON.stringify(event))))
    for (const event of events) expect((await post(JSON.stringify(event))).status).toBe(200)
    expect(await creditsOf(sold.user)).toBe(0)
    const { world } = context.sandbox
    world.run(() => failRefund(world, world.tables.refunds.get(refund)!))
    await deliveries.deliver()
    expect(await creditsOf(sold.user)).toBe(1000)
    await expectSound()
  })

  it.each([
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
  ])('an invoice refunded in three ways ends the same with the events in the order %i %i %i', async (...order) => {
    const sold = await withService()
    await deliveries.deliver()
    const groups = [deliveries.take()]
    await refundLine(sold, sold.other, 4000)
    groups.push(deliveries.take())
    await context.stripe.refunds.create({ charge: sold.charge, amount: 2000 })
    groups.push(deliveries.take())
    dispute(context, sold.charge, { amount: 1000 })
    groups.push(deliveries.take())
    for (const place of order) for (const event of twiceBackwards(groups[place + 1]!)) await post(JSON.stringify(event))
    // Any line bears 3000 of 10,000. The service bears 4000 of its 9000 besides its share of those.
    expect(await creditsOf(sold.user)).toBe(700)
  })

  it('an invoice refunded in full has no credits left, however it was refunded', async () => {
    const sold = await withService()
    await context.stripe.refunds.create({ charge: sold.charge, amount: 5000 })
    await refundLine(sold, sold.other, 5000)
    await deliveries.deliver()
    expect(await creditsOf(sold.user)).toBe(0)
    expect(await rowOf(sold.user)).toMatchObject({ status: 'refunded', creditsReversed: 1000 })
  })
})

describe('an invoice of a plan and a credit pack', () => {
  const packOfNinety = async () => {
    const recurring = { interval: 'month' as const }
    const product = (await context.stripe.prices.retrieve(await priceIdOf(pack))).product as string
    const price = { product, currency: 'usd', unit_amount: 9000, recurring, metadata: tagOf(pack) }
    return (await context.stripe.prices.create(price)).id
  }

  it('an invoice whose pack is refunded loses the pack’s credits, out of the pack’s own grant', async () => {
    const sold = await planAnd(packOfNinety)
    expect(await creditsOf(sold.user)).toBe(3000)
    await refundLine(sold, sold.other, 9000)
    await deliveries.deliver({ order: twiceBackwards })
    const { credits, grants } = await getBalance(sold.user._id)
    expect(credits).toBe(1000)
    expect(grants).toMatchObject([{ id: `g:stripe:invoice:${sold.invoice}`, remaining: 1000 }])
    expect(await rowOf(sold.user)).toMatchObject({ amountRefunded: 9000, creditsReversed: 2000 })
    await expectSound()
  })

  it('an invoice with a bare refund of half loses half of all credits', async () => {
    const sold = await planAnd(packOfNinety)
    await context.stripe.refunds.create({ charge: sold.charge, amount: 5000 })
    await deliveries.deliver()
    expect(await creditsOf(sold.user)).toBe(1500)
  })
})
