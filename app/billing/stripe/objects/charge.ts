import { z } from 'zod'
import { count, created, listOf, metadata, reference, text } from './fields.ts'

const refundSchema = z
  .object({
    id: z.string(),
    amount: z.number(),
    currency: text,
    status: text,
    charge: reference,
    payment_intent: reference,
    created,
  })
  .transform(({ status, charge, payment_intent, created, ...refund }) => ({
    ...refund,
    /** The money came back to us, so the credits must be restored. */
    hasFailed: status === 'failed' || status === 'canceled',
    chargeId: charge,
    paymentIntentId: payment_intent,
    createdAt: created,
  }))

const chargeSchema = z
  .object({
    id: z.string(),
    customer: reference,
    payment_intent: reference,
    amount: z.number(),
    amount_refunded: count,
    paid: z.boolean().nullish(),
    currency: z.string(),
    invoice: reference,
    receipt_url: text,
    metadata,
    refunds: listOf(refundSchema),
  })
  .transform(({ customer, payment_intent, amount_refunded, paid, invoice, receipt_url, refunds, ...charge }) => ({
    ...charge,
    customerId: customer,
    paymentIntentId: payment_intent,
    amountRefunded: amount_refunded,
    isPaid: paid ?? true,
    /** Only before basil; since then the invoice is found by its payments. */
    invoiceId: invoice,
    receiptUrl: receipt_url,
    /** Only before 2022-11-15, or where expanded. */
    refunds: refunds.data,
  }))

const chargeOrId = z.union([z.string().transform(() => null), chargeSchema]).nullish()

const invoicePaymentSchema = z
  .object({
    payment: z
      .object({
        payment_intent: z.union([z.string().transform(() => null), z.object({ latest_charge: chargeOrId })]).nullish(),
        charge: chargeOrId,
      })
      .nullish(),
  })
  .transform(({ payment }) => payment?.charge ?? payment?.payment_intent?.latest_charge ?? null)

const disputeSchema = z
  .object({
    id: z.string(),
    amount: z.number(),
    currency: z.string().default('usd'),
    status: z.string(),
    charge: reference,
    payment_intent: reference,
    created,
  })
  .transform(({ charge, payment_intent, created, ...dispute }) => ({
    ...dispute,
    chargeId: charge,
    paymentIntentId: payment_intent,
    createdAt: created,
    /** The bank holds the money until it decides. An inquiry moves no money. */
    isOpen: !['won', 'lost', 'prevented'].includes(dispute.status) && !dispute.status.startsWith('warning_'),
    isLost: dispute.status === 'lost',
  }))

export type StripeCharge = z.infer<typeof chargeSchema>

export type StripeRefund = z.infer<typeof refundSchema>

export type StripeDispute = z.infer<typeof disputeSchema>

export const readCharge = (value: unknown): StripeCharge => chargeSchema.parse(value)

export const readRefund = (value: unknown): StripeRefund => refundSchema.parse(value)

export const readDispute = (value: unknown): StripeDispute => disputeSchema.parse(value)

/** Reads the charge of an invoice's payment, with its payment intent's newest charge expanded; null where it has none. */
export const readPaymentsCharge = (value: unknown): StripeCharge | null => invoicePaymentSchema.parse(value)
