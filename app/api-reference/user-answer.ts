import { z } from 'zod'
import { time } from './answers.ts'

const interval = z.enum(['day', 'week', 'month', 'year'])

const sum = {
  amount: z.int().describe('In the smallest unit of the currency: 1800 is $18.00.'),
  currency: z.string(),
  isExact: z.boolean().describe('false where tax is added.'),
}

const subscription = z.strictObject({
  id: z.string(),
  plan: z.string(),
  interval: interval.nullable(),
  intervalCount: z.int().nullable().describe('It is paid every intervalCount of interval.'),
  status: z.string().describe('As Stripe names it: active, trialing, past_due, …'),
  currentPeriodStart: time.nullable(),
  currentPeriodEnd: time.nullable(),
  cancelAtPeriodEnd: z.boolean(),
  gracePeriodEnd: time.nullable().describe('When spending pauses if an overdue payment is not made.'),
  trialEnd: time.nullable(),
  collectionPaused: z.strictObject({ until: time.nullable() }).nullable(),
  nextPayment: z.strictObject({ ...sum, credits: z.int(), at: time }).nullable(),
  price: z.strictObject({ ...sum, interval, intervalCount: z.int() }).nullable(),
  scheduledChange: z
    .strictObject({ plan: z.string(), interval, intervalCount: z.int(), at: time })
    .nullable()
    .describe('The change at the end of the period.'),
})

const line = z.strictObject({
  id: z.string(),
  kind: z.enum(['plan', 'pack', 'other']),
  name: z.string(),
  quantity: z.int(),
  amount: z.int(),
  credits: z.int(),
})

const purchase = z.strictObject({
  id: z.string(),
  kind: z.enum(['plan', 'pack']),
  planName: z.string().describe('What was bought.'),
  besides: z.array(z.string()),
  lines: z.array(line),
  interval: interval.nullable(),
  intervalCount: z.int().nullable(),
  amount: z.int().describe('In the smallest unit of the currency.'),
  amountRefunded: z.int(),
  creditsReversed: z.int().nullable().describe('Credits that refunds and disputes took back; `null` in old rows.'),
  currency: z.string(),
  creditsAdded: z.int(),
  status: z.string().describe('active, paid, refunded, partially_refunded, disputed, …'),
  statusReason: z.string().nullable(),
  billingReason: z.string().nullable(),
  transactionDate: time,
  periodStart: time.nullable(),
  periodEnd: time.nullable(),
  isCurrentSubscription: z.boolean(),
  stripeSubscriptionId: z.string().nullable(),
  stripeInvoiceId: z.string().nullable(),
  hostedInvoiceUrl: z.string().nullable().describe('Stripe’s page of the invoice or receipt.'),
  invoicePdf: z.string().nullable(),
})

export const userAnswer = z.strictObject({
  user: z.strictObject({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    plan: z.string(),
    features: z.record(z.string(), z.boolean()).describe('What the plan includes now.'),
    limits: z
      .record(z.string(), z.union([z.int(), z.literal('unlimited')]))
      .describe('How often a month something may be done.'),
    subscription: subscription.nullable(),
  }),
  credits: z.int().describe('What can be spent now.'),
  held: z.int().describe('What open holds set aside.'),
  billingHistory: z.array(purchase).describe('Payments, the newest first, 200 at most.'),
})
