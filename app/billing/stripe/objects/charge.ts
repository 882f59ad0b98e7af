import { z } from 'zod'
import { count, created, listOf, metadata, reference } from './fields.ts'

const refundSchema = z
  .object({
    id: z.string(),
    amount: z.number(),
    currency: z.string().nullish(),
    status: z.string().nullish(),
    charge: reference,
    payment_intent: reference,
    created,
  })
  .transform((refund) => ({
    id: refund.id,
    amount: refund.amount,
    currency: refund.currency ?? null,
    /** The money came back to us, so the credits must be restored. */
    hasFailed: refund.status === 'failed' || refund.status === 'canceled',
    chargeId: refund.charge,
    paymentIntentId: refund.payment_intent,
    createdAt: refund.created,
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
    receipt_url: z.string().nullish(),
    metadata,
    refunds: listOf(refundSchema),
  })
  .transform((charge) => ({
    id: charge.id,
    customerId: charge.customer,
    paymentIntentId: charge.payment_intent,
    amount: charge.amount,
    amountRefunded: charge.amount_refunded,
    isPaid: charge.paid ?? true,
    currency: charge.currency,
    /** Only before basil; since then the invoice is found by its payments. */
    invoiceId: charge.invoice,
    receiptUrl: charge.receipt_url ?? null,
    metadata: charge.metadata,
    /** Only before 2022-11-15, or where expanded. */
    refunds: charge.refunds.data,
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
  .transform((dispute) => ({
    id: dispute.id,
    amount: dispute.amount,
    currency: dispute.currency,
    status: dispute.status,
    chargeId: dispute.charge,
    paymentIntentId: dispute.payment_intent,
    createdAt: dispute.created,
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
