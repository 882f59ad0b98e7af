import { type InferSchemaType, Schema } from 'mongoose'
import type { Complete } from './define-model.server.ts'

const text = { type: String, default: null }

/** The payment method that the next invoice is charged to. */
const paymentMethodSchema = new Schema(
  {
    stripePaymentMethodId: { type: String, required: true },
    /** Stripe's name for its kind: `card`, `sepa_debit`, `link`, … */
    type: { type: String, required: true },
    /** Of a card: `visa`, `amex`, … */
    brand: text,
    /** Of a card or a bank account. */
    last4: text,
    /** Of a card: 1 to 12, and four digits. It is good to the end of that month. */
    expMonth: { type: Number, default: null },
    expYear: { type: Number, default: null },
  },
  { _id: false, strict: 'throw' },
)

/** `country`: two letters. */
const addressSchema = new Schema(
  { line1: text, line2: text, city: text, state: text, postalCode: text, country: text },
  { _id: false, strict: 'throw' },
)

const taxIdSchema = new Schema(
  { type: { type: String, required: true }, value: { type: String, required: true } },
  { _id: false, strict: 'throw' },
)

/** What Stripe charges and what it prints on invoices, as it was last read there. */
export const billingDetailsSchema = new Schema(
  {
    /** Null where nothing is charged without the customer: then the next invoice cannot be collected. */
    paymentMethod: { type: paymentMethodSchema, default: null },
    name: text,
    address: { type: addressSchema, default: null },
    /** `type` is Stripe's: `eu_vat`, `us_ein`, … */
    taxIds: { type: [taxIdSchema], default: [] },
    /** When the reading began. */
    readAt: { type: Date, required: true },
    /** The fence of every write to it. */
    version: { type: String, required: true },
  },
  { _id: false, strict: 'throw' },
)

export type KeptPaymentMethod = Complete<InferSchemaType<typeof paymentMethodSchema>>
export type KeptAddress = Complete<InferSchemaType<typeof addressSchema>>
export type BillingDetails = Complete<
  Omit<InferSchemaType<typeof billingDetailsSchema>, 'paymentMethod' | 'address' | 'taxIds'>
> & {
  paymentMethod: KeptPaymentMethod | null
  address: KeptAddress | null
  taxIds: InferSchemaType<typeof taxIdSchema>[]
}
