import type Stripe from 'stripe'

/**
 * An SDK type as it is stored and sent: decimals are strings, and expandable fields are ids.
 * Every object of the sandbox has such a type, so the compiler checks it against Stripe's shape.
 */
export type Stored<T> = T extends string | number | boolean | null | undefined | void
  ? T
  : T extends Stripe.Decimal
    ? string
    : T extends (infer Item)[]
      ? Field<Item>[]
      : { [Key in keyof T]: Field<T[Key]> }

/** A field that may hold an id or an object holds the id. */
type Field<T> = [Extract<T, string>] extends [never] ? Stored<T> : Stored<Exclude<T, { object: string }>>

export type Address = Stripe.Address
export type Metadata = Record<string, string>
export type List<T> = { object: 'list'; data: T[]; has_more: boolean; url: string }

export type BalanceTransaction = Stored<Stripe.BalanceTransaction>
export type Charge = Stored<Stripe.Charge>
export type CheckoutSession = Stored<Stripe.Checkout.Session>
export type Coupon = Stored<Stripe.Coupon>
export type CreditNote = Stored<Stripe.CreditNote>
export type CreditNoteLine = Stored<Stripe.CreditNoteLineItem>
export type Customer = Stored<Stripe.Customer>
export type CustomerBalanceTransaction = Stored<Stripe.CustomerBalanceTransaction>
export type Discount = Stored<Stripe.Discount>
export type Dispute = Stored<Stripe.Dispute>
export type Event = Omit<Stored<Stripe.EventBase>, 'data'> & { data: EventData }
export type Invoice = Stored<Stripe.Invoice>
export type InvoiceItem = Stored<Stripe.InvoiceItem>
export type InvoiceLine = Stored<Stripe.InvoiceLineItem>
export type InvoicePayment = Stored<Stripe.InvoicePayment>
export type LineItem = Stored<Stripe.LineItem>
export type PaymentIntent = Stored<Stripe.PaymentIntent>
export type PaymentMethod = Stored<Stripe.PaymentMethod>
export type Plan = Stored<Stripe.Plan>
export type PortalConfiguration = Stored<Stripe.BillingPortal.Configuration>
export type PortalSession = Stored<Stripe.BillingPortal.Session>
export type Price = Stored<Stripe.Price>
export type Product = Stored<Stripe.Product>
export type PromotionCode = Stored<Stripe.PromotionCode>
export type Refund = Stored<Stripe.Refund>
export type SetupIntent = Stored<Stripe.SetupIntent>
export type Subscription = Stored<Stripe.Subscription>
export type SubscriptionItem = Stored<Stripe.SubscriptionItem>
export type SubscriptionSchedule = Stored<Stripe.SubscriptionSchedule>
export type TaxId = Stored<Stripe.TaxId>
export type TaxRate = Stored<Stripe.TaxRate>
export type TestClock = Stored<Stripe.TestHelpers.TestClock>
export type WebhookEndpoint = Stored<Stripe.WebhookEndpoint>

/** Any object of the API, with its kind and id. */
export interface ApiObject {
  id: string
  object: string
}

export interface EventData {
  object: ApiObject
  previous_attributes?: Record<string, unknown>
}

export const noAddress: Address = {
  city: null,
  country: null,
  line1: null,
  line2: null,
  postal_code: null,
  state: null,
}
