/** A user in any state that the pages show, created by the app's own code with the clock set back. */
import type { Types } from 'mongoose'
import type { BillingDetails } from '#models/billing-details.server.ts'
import { type BillingHistory, BillingHistoryModel } from '#models/billing-history.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { markConfirmed } from '#app/auth/confirm-email.server.ts'
import { signUp } from '#app/auth/sign-up.server.ts'
import { findPack, findPlan } from '#app/billing/plans.ts'
import { setNow } from '#app/clock.server.ts'
import { adjustCredits } from '#app/credits/adjust.server.ts'
import { freezeSpending } from '#app/credits/freeze.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { placeHold } from '#app/credits/hold.server.ts'
import { adminKey, stripeDisputeKey, stripeInvoiceKey, stripePaymentKey, stripeRefundKey } from '#app/credits/keys.ts'
import { reverseGrants } from '#app/credits/reversal.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { PASSWORD } from './pictures.ts'

const DAY_MS = 24 * 60 * 60 * 1000

const start = Date.now()
export const daysFromNow = (days: number): Date => new Date(start + days * DAY_MS)

/** Sets the clock to a day; negative numbers are in the past. */
function goTo(days: number): void {
  const at = daysFromNow(days)
  setNow(() => at)
}

type SubscriptionChanges = Partial<NonNullable<User['subscription']>>

interface Invoice {
  status?: BillingHistory['status']
  billingReason?: string
  /** In days from now. */
  expiresIn?: number
  /** The amount of a plan change. */
  amount?: number
  credits?: number
  /** The number of monthly shares of a yearly plan. */
  shares?: number
}

/** A payment, as a refund and a dispute reference it. */
type Paid = { type: 'invoice' | 'payment'; id: string; amount: number }

export class Person {
  private count = 0

  private constructor(
    readonly email: string,
    private readonly id: Types.ObjectId,
  ) {}

  static async signUp(email: string, name: string): Promise<Person> {
    goTo(-130)
    const user = await signUp({ email, password: PASSWORD, name })
    await markConfirmed(user._id)
    return new Person(email, user._id)
  }

  /** A paid invoice of a plan, with its row in the billing history and its credits. */
  async pays(days: number, planName: string, options: Invoice = {}): Promise<Paid> {
    goTo(days)
    const plan = findPlan(planName)
    if (!plan?.prices) throw new Error(`${planName} is no plan that is sold`)
    const { shares = 1, status = 'active', billingReason = 'subscription_cycle' } = options
    const interval = shares > 1 ? 'year' : 'month'
    const price = plan.prices[interval]
    const source = { type: 'invoice' as const, id: `in_${this.id.toHexString()}${++this.count}` }
    const credits = options.credits ?? plan.credits
    const amount = options.amount ?? price.amount
    await grantCredits(
      this.id,
      Array.from({ length: shares }, (_, share) => ({
        key: stripeInvoiceKey(source.id, share === 0 ? undefined : share),
        credits,
        source,
        category: 'paid' as const,
        ...(share > 0 && { effectiveAt: daysFromNow(days + share * 30.4) }),
        ...(options.expiresIn !== undefined && { expiresAt: daysFromNow(options.expiresIn) }),
      })),
    )
    await BillingHistoryModel.create({
      userId: this.id,
      stripeCustomerId: `cus_${this.id.toHexString()}`,
      stripeSubscriptionId: `sub_${this.id.toHexString()}`,
      stripeInvoiceId: source.id,
      planName,
      interval,
      amount,
      currency: price.currency,
      creditsAdded: credits * shares,
      status,
      billingReason,
      transactionDate: daysFromNow(days),
      hostedInvoiceUrl: `https://invoice.stripe.com/${source.id}`,
    })
    return { ...source, amount }
  }

  async buysPack(days: number, packId: string): Promise<Paid> {
    goTo(days)
    const pack = findPack(packId)
    if (!pack) throw new Error(`${packId} is no pack`)
    const source = { type: 'payment' as const, id: `pi_${this.id.toHexString()}${++this.count}` }
    await grantCredits(this.id, [{ key: stripePaymentKey(source.id), credits: pack.credits, source }])
    await PaymentModel.create({
      userId: this.id,
      stripeCustomerId: `cus_${this.id.toHexString()}`,
      stripePaymentIntentId: source.id,
      pack: pack.id,
      quantity: 1,
      amount: pack.price.amount,
      currency: pack.price.currency,
      creditsAdded: pack.credits,
      status: 'paid',
      paidAt: daysFromNow(days),
      receiptUrl: `https://pay.stripe.com/receipts/${source.id}`,
    })
    return { ...source, amount: pack.price.amount }
  }

  async spends(days: number, credits: number, action = 'qr-code'): Promise<void> {
    goTo(days)
    await spendCredits({ accountId: this.id, key: `screenshot:${++this.count}`, credits, action })
  }

  async reserves(credits: number): Promise<void> {
    goTo(0)
    const ttlMs = 6 * 60 * 60 * 1000
    await placeHold({ accountId: this.id, key: 'screenshot:hold', credits, action: 'qr-code', ttlMs })
  }

  async isCorrected(days: number, credits: number, reason: string): Promise<void> {
    goTo(days)
    await adjustCredits({
      accountId: this.id,
      key: adminKey(`${++this.count}`),
      credits,
      reason,
      by: { type: 'admin', id: 'admin' },
    })
  }

  /** Refunds a payment, in full or in part. */
  async isRefunded(days: number, { type, id, amount: paid }: Paid, amount = paid): Promise<void> {
    goTo(days)
    const refundId = `re_${this.id.toHexString()}`
    await reverseGrants({
      accountId: this.id,
      key: stripeRefundKey(refundId),
      source: { type: 'refund', id: refundId },
      of: { type, id },
      money: { amount, paid },
    })
    const $set = {
      status: amount < paid ? ('partially_refunded' as const) : ('refunded' as const),
      amountRefunded: amount,
    }
    await BillingHistoryModel.updateOne({ stripeInvoiceId: id }, { $set })
    await PaymentModel.updateOne({ stripePaymentIntentId: id }, { $set })
  }

  /** Opens a dispute: its credits are reversed, and spending is frozen until the bank decides. */
  async disputes(days: number, { type, id, amount }: Paid): Promise<void> {
    goTo(days)
    const disputeId = `dp_${this.id.toHexString()}`
    await freezeSpending(this.id, 'dispute', disputeId)
    await reverseGrants({
      accountId: this.id,
      key: stripeDisputeKey(disputeId),
      source: { type: 'dispute', id: disputeId },
      of: { type, id },
      money: { amount, paid: amount },
    })
    await BillingHistoryModel.updateOne({ stripeInvoiceId: id }, { $set: { status: 'disputed' } })
  }

  /** Ends the grace period. */
  async isPaused(): Promise<void> {
    await freezeSpending(this.id, 'past_due')
  }

  async has(changes: SubscriptionChanges): Promise<void> {
    const subscription = {
      stripeSubscriptionId: `sub_${this.id.toHexString()}`,
      plan: 'Daily',
      interval: 'month',
      status: 'active',
      currentPeriodStart: daysFromNow(-10),
      currentPeriodEnd: daysFromNow(20),
      version: 'screenshot',
      price: {
        ...{ amount: 1800, currency: 'usd', interval: 'month', intervalCount: 1 },
        credits: 2000,
        isExact: true,
      },
      ...changes,
    }
    const stripeCustomerId = `cus_${this.id.toHexString()}`
    const set = { subscription, stripeCustomerId, billingDetails: this.details(), timeZone: 'Europe/Berlin' }
    await UserModel.updateOne({ _id: this.id }, { $set: set })
  }

  /** Sets a card that expires at the end of the month that is this many days away. */
  async hasCardUntil(days: number): Promise<void> {
    await UserModel.updateOne({ _id: this.id }, { $set: { billingDetails: this.details(days) } })
  }

  private details(days = 4 * 365): BillingDetails {
    const until = daysFromNow(days)
    return {
      paymentMethod: {
        ...{ stripePaymentMethodId: `pm_${this.id.toHexString()}`, type: 'card', brand: 'visa', last4: '4242' },
        expMonth: until.getUTCMonth() + 1,
        expYear: until.getUTCFullYear(),
      },
      name: 'Analytical Engines GmbH',
      address: {
        ...{ line1: 'Torstraße 140', line2: null, city: 'Berlin', state: null, postalCode: '10119', country: 'DE' },
      },
      taxIds: [{ type: 'eu_vat', value: 'DE123456789' }],
      readAt: daysFromNow(0),
      version: 'screenshot',
    }
  }
}
