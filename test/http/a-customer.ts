import mongoose from 'mongoose'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import type { ServedApp } from './served-app.ts'

export interface Customer {
  email: string
  cookie: string
  user: User
  /** What no other user may see: Stripe ids and user ids. */
  traces: string[]
}

const HOUR = 60 * 60 * 1_000

/**
 * Signs a user up and gives them all that a customer of the largest plan has, directly in the database: the test is
 * connected to the app's.
 */
export async function newCustomer(app: ServedApp): Promise<Customer> {
  const { email, cookie } = await app.signUp()
  const mark = new mongoose.Types.ObjectId().toHexString()
  const now = new Date()
  const ids = { customer: `cus_${mark}`, subscription: `sub_${mark}`, invoice: `in_${mark}`, payment: `pi_${mark}` }
  const user = await UserModel.findOneAndUpdate(
    { email },
    {
      $set: {
        stripeCustomerId: ids.customer,
        subscription: {
          stripeSubscriptionId: ids.subscription,
          plan: 'Creator',
          interval: 'month',
          status: 'active',
          currentPeriodStart: now,
          currentPeriodEnd: new Date(now.getTime() + 700 * HOUR),
          version: mark,
        },
      },
    },
    { returnDocument: 'after' },
  ).lean<User>()
  if (!user) throw new Error('the user is not there')
  const payment = { userId: user._id, stripeCustomerId: ids.customer, currency: 'usd' }
  await BillingHistoryModel.create({
    ...payment,
    stripeSubscriptionId: ids.subscription,
    stripeInvoiceId: ids.invoice,
    planName: 'Creator',
    interval: 'month',
    amount: 4_000,
    creditsAdded: 5_000,
    status: 'active',
    transactionDate: now,
    isCurrentSubscription: true,
  })
  await PaymentModel.create({
    ...payment,
    stripePaymentIntentId: ids.payment,
    pack: '500',
    amount: 600,
    creditsAdded: 500,
    status: 'paid',
    paidAt: now,
  })
  return { email, cookie, user, traces: [email, user._id.toHexString(), ...Object.values(ids)] }
}
