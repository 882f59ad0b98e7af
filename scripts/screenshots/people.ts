/** People in every state that the pages know, made by the app's own code at a clock that is turned back. */
import type { Types } from 'mongoose'
import { type BillingHistory, BillingHistoryModel } from '#models/billing-history.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { signUp } from '#app/auth/sign-up.server.ts'
import { findPlan } from '#app/billing/plans.ts'
import { setNow } from '#app/clock.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { placeHold } from '#app/credits/hold.server.ts'
import { stripeInvoiceKey, stripeRefundKey } from '#app/credits/keys.ts'
import { reverseGrants } from '#app/credits/reversal.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { PASSWORD } from './pictures.ts'

const DAY_MS = 24 * 60 * 60 * 1000

const start = Date.now()
const daysFromNow = (days: number): Date => new Date(start + days * DAY_MS)

/** Turns the clock to a day; negative numbers lie in the past. */
function goTo(days: number): void {
  const at = daysFromNow(days)
  setNow(() => at)
}

type SubscriptionChanges = Partial<NonNullable<User['subscription']>>

class Person {
  private count = 0

  private constructor(
    readonly email: string,
    private readonly id: Types.ObjectId,
  ) {}

  static async signUp(email: string, name: string): Promise<Person> {
    goTo(-40)
    const user = await signUp({ email, password: PASSWORD, name })
    return new Person(email, user._id)
  }

  /** A paid invoice of a plan, with its row in the billing history and its credits. */
  async pays(
    days: number,
    planName: string,
    options: { status?: BillingHistory['status']; expiresIn?: number } = {},
  ): Promise<string> {
    goTo(days)
    const plan = findPlan(planName)
    if (!plan?.prices) throw new Error(`${planName} is no plan that is sold`)
    const invoiceId = `in_${this.id.toHexString()}${++this.count}`
    await grantCredits(this.id, [
      {
        key: stripeInvoiceKey(invoiceId),
        credits: plan.credits,
        source: { type: 'invoice', id: invoiceId },
        category: 'paid',
        ...(options.expiresIn !== undefined && { expiresAt: daysFromNow(options.expiresIn) }),
      },
    ])
    const { amount, currency } = plan.prices.month
    await BillingHistoryModel.create({
      userId: this.id,
      stripeCustomerId: `cus_${this.id.toHexString()}`,
      stripeSubscriptionId: `sub_${this.id.toHexString()}`,
      stripeInvoiceId: invoiceId,
      planName,
      interval: 'month',
      amount,
      currency,
      creditsAdded: plan.credits,
      status: options.status ?? 'active',
      transactionDate: daysFromNow(days),
      hostedInvoiceUrl: `https://invoice.stripe.com/${invoiceId}`,
    })
    return invoiceId
  }

  async spends(days: number, credits: number): Promise<void> {
    goTo(days)
    await spendCredits({ accountId: this.id, key: `screenshot:${++this.count}`, credits, action: 'qr-code' })
  }

  async reserves(credits: number): Promise<void> {
    goTo(0)
    const ttlMs = 6 * 60 * 60 * 1000
    await placeHold({ accountId: this.id, key: 'screenshot:hold', credits, action: 'qr-code', ttlMs })
  }

  async isRefunded(days: number, invoiceId: string): Promise<void> {
    goTo(days)
    const refundId = `re_${this.id.toHexString()}`
    await reverseGrants({
      accountId: this.id,
      key: stripeRefundKey(refundId),
      source: { type: 'refund', id: refundId },
      of: { type: 'invoice', id: invoiceId },
      money: { amount: 1000, paid: 1000 },
    })
    await BillingHistoryModel.updateOne(
      { stripeInvoiceId: invoiceId },
      { $set: { status: 'refunded', amountRefunded: 1000 } },
    )
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
      ...changes,
    }
    await UserModel.updateOne({ _id: this.id }, { $set: { subscription, timeZone: 'Europe/Berlin' } })
  }
}

/** Makes everybody; the clock is right again afterwards. */
export async function makePeople(): Promise<void> {
  const member = await Person.signUp('member@scrip.test', 'Ada Archer')
  await member.pays(-39, 'Daily', { status: 'ended' })
  for (let day = 0; day < 24; day++) await member.spends(-38 + day * 1.1, 12 + ((day * 37) % 90))
  await member.pays(-10, 'Daily', { expiresIn: 20 })
  for (const [days, credits] of [
    [-3, 40],
    [-1.3, 12],
    [-1.2, 5],
    [-0.02, 3],
  ] as const)
    await member.spends(days, credits)
  await member.reserves(60)
  await member.has({})

  await Person.signUp('new@scrip.test', 'Nora New')

  const due = await Person.signUp('due@scrip.test', 'Dan Due')
  await due.pays(-35, 'Daily')
  await due.spends(-3, 160)
  await due.has({ status: 'past_due', gracePeriodEnd: daysFromNow(1.4) })

  const stopped = await Person.signUp('stopped@scrip.test', 'Stella Stopped')
  await stopped.pays(-35, 'Creator')
  await stopped.spends(-6, 1200)
  await stopped.has({ plan: 'Creator', status: 'past_due', gracePeriodEnd: daysFromNow(-1.4) })

  const refunded = await Person.signUp('refunded@scrip.test', 'Rita Refund')
  const invoiceId = await refunded.pays(-12, 'Beginner')
  await refunded.spends(-3, 185)
  await refunded.isRefunded(-1, invoiceId)

  const leaving = await Person.signUp('leaving@scrip.test', 'Leo Leaving')
  await leaving.pays(-10, 'Daily')
  await leaving.has({ cancelAtPeriodEnd: true })

  const trying = await Person.signUp('trying@scrip.test', 'Tom Trial')
  await trying.has({ status: 'trialing', trialEnd: daysFromNow(9), currentPeriodEnd: daysFromNow(9) })

  setNow(null)
}
