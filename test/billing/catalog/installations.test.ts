import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { ensurePrices } from '#app/billing/catalog/ensure-prices.server.ts'
import { OfferUnavailable } from '#app/billing/errors.ts'
import { forgetPrices } from '#app/billing/catalog/prices.server.ts'
import { parseConfig, resetConfig } from '#app/config.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { ReconcileFindingModel } from '#models/reconcile-finding.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { addPrice, aPayer, priceBy, sellOnInvoice } from '../by-hand.ts'
import { useSandboxClock } from '../clock.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
useSandboxClock(context)

async function be(installation: string | null): Promise<void> {
  if (installation) process.env.SCRIP_INSTALLATION = installation
  else delete process.env.SCRIP_INSTALLATION
  resetConfig()
  forgetPrices()
  await ensurePrices()
}

describe('two installations on one Stripe account', () => {
  afterEach(() => be(null))

  it('two installations have prices, products and objects of their own', async () => {
    const ours = await priceBy(context, 'scrip_beginner_month')
    await be('staging')
    const theirs = await priceBy(context, 'staging_scrip_beginner_month')
    expect(theirs.id).not.toBe(ours.id)
    expect(theirs.product).not.toBe(ours.product)
    expect((await priceBy(context, 'scrip_beginner_month')).id).toBe(ours.id)
    const user = await aUser()
    const { url } = await createCheckout({ user, plan: 'Beginner', interval: 'month' }, { nonce: randomUUID() })
    const session = await context.stripe.checkout.sessions.retrieve(sessionIdOf(url))
    expect(session.metadata).toMatchObject({ app: 'staging' })
    context.sandbox.completeCheckout(session.id)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(1000)
  })

  it('each installation answers 200 to the other’s events, and acts on none of them', async () => {
    await be('staging')
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Daily', interval: 'month' })
    await be(null)
    expect(new Set(await deliveries.deliver())).toEqual(new Set([200]))
    expect(await creditsOf(user)).toBe(0)
    expect(await historyOf(user)).toEqual([])
    expect((await readUser(user._id)).subscription ?? null).toBeNull()
  })

  it('an installation also accepts an older tag that is named second', async () => {
    const user = await aPayer(context)
    await be('shop,scrip')
    await sellOnInvoice(context, user, [{ price: (await priceBy(context, 'scrip_pack_500')).id }])
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(500)
  })

  it('an installation’s name is plain lower case', () => {
    for (const SCRIP_INSTALLATION of ['Shop', 'a b', 'shop,', '-x']) {
      expect(() => parseConfig({ ...process.env, SCRIP_INSTALLATION })).toThrow('SCRIP_INSTALLATION')
    }
    expect(parseConfig({ ...process.env }).installations).toEqual(['scrip'])
  })
})

describe('a lookup key moved to another price at Stripe', () => {
  it('a plan whose lookup key was moved to another price is not sold until prices agree, and the operator is informed', async () => {
    const lookup_key = 'scrip_creator_year'
    const recurring = { interval: 'year' as const }
    const moved = { unit_amount: 99_900, recurring, lookup_key, transfer_lookup_key: true }
    await addPrice(context, lookup_key, moved)
    forgetPrices()
    const user = await aUser()
    const buy = () => createCheckout({ user, plan: 'Creator', interval: 'year' }, { nonce: randomUUID() })
    await expect(buy()).rejects.toThrow(OfferUnavailable)
    expect(await ReconcileFindingModel.findOne({ objectId: lookup_key }).lean()).toMatchObject({ kind: 'price' })
    expect(await NotificationModel.findById(`operator_attention:price:${lookup_key}`).lean()).toMatchObject({
      data: { sentence: expect.stringContaining('99900') as string },
    })
    await ensurePrices()
    expect((await buy()).url).toMatch(/^http/)
  })
})
