import { runTopUps } from '#app/billing/top-up/run-top-ups.server.ts'
import { turnOnTopUp } from '#app/billing/top-up/settings.server.ts'
import { readTopUp } from '#app/billing/top-up/store.server.ts'
import type { TopUpTerms } from '#app/billing/top-up/terms.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { follow } from '../clock.ts'
import { chargesOf } from '../customers.ts'
import { aUser, type Deliveries, readUser } from '../scenario.ts'
import type { StripeForTests } from '../stripe.ts'

export const TERMS: TopUpTerms = { pack: '500', below: 100, timesMax: 3, amountMax: 10_000 }
export const PRICE = 600

/** A user with a card on file who has bought one pack and has 120 credits left; automatic top-up is on. */
export async function aCustomer(line: Deliveries, { card = 'pm_card_visa', terms = TERMS } = {}): Promise<User> {
  follow(line.context)
  const user = await aUser()
  await UserModel.updateOne({ _id: user._id }, { $set: { emailConfirmedAt: new Date() } })
  await line.buy({ user, pack: '500' })
  await line.deliver()
  await spendCredits({ accountId: user._id, credits: 380, action: 'test' })
  await useCard(line.context, await readUser(user._id), card)
  await turnOnTopUp(user._id, terms)
  return readUser(user._id)
}

export async function useCard({ stripe }: StripeForTests, { stripeCustomerId }: User, token: string): Promise<void> {
  const { id } = await stripe.paymentMethods.attach(token, { customer: stripeCustomerId! })
  await stripe.customers.update(stripeCustomerId!, { invoice_settings: { default_payment_method: id } })
}

/** Spends, posts the entries as upkeep does, and runs the job. */
export async function spendAndRun({ _id }: User, credits: number) {
  await spendCredits({ accountId: _id, credits, action: 'test' })
  await settleAccount(_id)
  return runTopUps()
}

export const topUpOf = async ({ _id }: User) => (await readTopUp(_id))!

/** Paid charges after that of the first pack. */
export const paidTopUps = async (context: StripeForTests, user: User) => (await chargesOf(context, user)).length - 1

/** The invoices of a user's top-ups, newest first. */
export const invoicesOf = async ({ stripe }: StripeForTests, { stripeCustomerId }: User) =>
  (await stripe.invoices.list({ customer: stripeCustomerId! })).data.filter(({ metadata }) => metadata?.topUp)
