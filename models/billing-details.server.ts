import { Schema } from 'mongoose'

/** The payment method that the next invoice is charged to. */
export interface KeptPaymentMethod {
  stripePaymentMethodId: string
  /** Stripe's name for its kind: `card`, `sepa_debit`, `link`, … */
  type: string
  /** Of a card: `visa`, `amex`, … */
  brand: string | null
  /** Of a card or a bank account. */
  last4: string | null
  /** Of a card: 1 to 12, and four digits. It is good to the end of that month. */
  expMonth: number | null
  expYear: number | null
}

export interface KeptAddress {
  line1: string | null
  line2: string | null
  city: string | null
  state: string | null
  postalCode: string | null
  /** Two letters. */
  country: string | null
}

/** What Stripe charges and what it prints on invoices, as it was last read there. */
export interface BillingDetails {
  /** Null where nothing is charged without the customer: then the next invoice cannot be collected. */
  paymentMethod: KeptPaymentMethod | null
  name: string | null
  address: KeptAddress | null
  /** `type` is Stripe's: `eu_vat`, `us_ein`, … */
  taxIds: { type: string; value: string }[]
  /** When the reading began. */
  readAt: Date
  /** The fence of every write to it. */
  version: string
}

const text = { type: String, default: null }

const paymentMethodSchema = new Schema<KeptPaymentMethod>(
  {
    stripePaymentMethodId: { type: String, required: true },
    type: { type: String, required: true },
    brand: text,
    last4: text,
    expMonth: { type: Number, default: null },
    expYear: { type: Number, default: null },
  },
  { _id: false, strict: 'throw' },
)

const addressSchema = new Schema<KeptAddress>(
  { line1: text, line2: text, city: text, state: text, postalCode: text, country: text },
  { _id: false, strict: 'throw' },
)

const taxIdSchema = new Schema<BillingDetails['taxIds'][number]>(
  { type: { type: String, required: true }, value: { type: String, required: true } },
  { _id: false, strict: 'throw' },
)

export const billingDetailsSchema = new Schema<BillingDetails>(
  {
    paymentMethod: { type: paymentMethodSchema, default: null },
    name: text,
    address: { type: addressSchema, default: null },
    taxIds: { type: [taxIdSchema], default: [] },
    readAt: { type: Date, required: true },
    version: { type: String, required: true },
  },
  { _id: false, strict: 'throw' },
)
