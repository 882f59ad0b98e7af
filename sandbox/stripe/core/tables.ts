import type * as shapes from './shapes.ts'
import { Table, Transactions } from './store.ts'
import type { Changes } from './store.ts'
import type * as rows from './rows.ts'

/** All tables of the sandbox. A new kind of object starts with a line here. */
export class Tables {
  readonly transactions = new Transactions()
  readonly #all = new Map<string, Table<{ id: string }>>()

  readonly balanceTransactions = this.#table<shapes.BalanceTransaction>('balance_transaction')
  readonly charges = this.#table<shapes.Charge>('charge')
  readonly checkoutSessions = this.#table<shapes.CheckoutSession>('checkout.session')
  readonly coupons = this.#table<shapes.Coupon>('coupon')
  readonly creditNotes = this.#table<shapes.CreditNote>('credit_note')
  readonly customers = this.#table<shapes.Customer>('customer')
  readonly customerBalanceTransactions = this.#table<shapes.CustomerBalanceTransaction>('customer_balance_transaction')
  readonly discounts = this.#table<shapes.Discount>('discount')
  readonly disputes = this.#table<shapes.Dispute>('dispute')
  readonly events = this.#table<shapes.Event>('event')
  readonly invoices = this.#table<shapes.Invoice>('invoice')
  readonly invoiceItems = this.#table<shapes.InvoiceItem>('invoiceitem')
  readonly invoicePayments = this.#table<shapes.InvoicePayment>('invoice_payment')
  readonly paymentIntents = this.#table<shapes.PaymentIntent>('payment_intent')
  readonly paymentMethods = this.#table<shapes.PaymentMethod>('payment_method')
  readonly portalConfigurations = this.#table<shapes.PortalConfiguration>('billing_portal.configuration')
  readonly portalSessions = this.#table<shapes.PortalSession>('billing_portal.session')
  readonly prices = this.#table<shapes.Price>('price')
  readonly products = this.#table<shapes.Product>('product')
  readonly promotionCodes = this.#table<shapes.PromotionCode>('promotion_code')
  readonly refunds = this.#table<shapes.Refund>('refund')
  readonly setupIntents = this.#table<shapes.SetupIntent>('setup_intent')
  readonly subscriptions = this.#table<shapes.Subscription>('subscription')
  readonly subscriptionSchedules = this.#table<shapes.SubscriptionSchedule>('subscription_schedule')
  readonly taxIds = this.#table<shapes.TaxId>('tax_id')
  readonly taxRates = this.#table<shapes.TaxRate>('tax_rate')
  readonly testClocks = this.#table<shapes.TestClock>('test_helpers.test_clock')
  readonly webhookEndpoints = this.#table<shapes.WebhookEndpoint>('webhook_endpoint')

  // Internal rows, which no object of the API shows.
  readonly cards = this.#table<rows.CardRow>('#card')
  readonly checkoutOrders = this.#table<rows.CheckoutOrder>('#checkout_order')
  readonly deletedCoupons = this.#table<{ id: string }>('#deleted_coupon')
  readonly deletedCustomers = this.#table<{ id: string }>('#deleted_customer')
  readonly deliveries = this.#table<rows.DeliveryRow>('#delivery')
  readonly endpointSecrets = this.#table<rows.SecretRow>('#endpoint_secret')
  readonly idempotency = this.#table<rows.IdempotencyRow>('#idempotency')
  readonly priceCurrencies = this.#table<rows.PriceCurrencies>('#price_currencies')
  readonly settings = this.#table<rows.SettingsRow>('#settings')
  readonly subscriptionNotes = this.#table<rows.SubscriptionNotes>('#subscription_notes')
  readonly subscriptionChanges = this.#table<rows.SubscriptionChange>('#subscription_change')

  #table<T extends { id: string }>(name: string): Table<T> {
    const table = new Table<T>(name, this.transactions.note)
    this.#all.set(name, table)
    return table
  }

  named(name: string): Table<{ id: string }> | undefined {
    return this.#all.get(name)
  }

  /** The rows that a unit of work touched. */
  changes(touched: Map<string, Set<string>>): Changes {
    const changes: Changes = { rows: {}, gone: {} }
    for (const [name, ids] of touched) {
      const table = this.#all.get(name)!
      for (const id of ids) {
        const row = table.get(id)
        if (row) (changes.rows[name] ??= []).push(row)
        else (changes.gone[name] ??= []).push(id)
      }
    }
    return changes
  }

  apply(changes: Changes): void {
    for (const [name, rows] of Object.entries(changes.rows))
      for (const row of rows) this.#all.get(name)?.restore(row as { id: string })
    for (const [name, ids] of Object.entries(changes.gone)) for (const id of ids) this.#all.get(name)?.forget(id)
  }

  everything(): Changes {
    const rows: Record<string, unknown[]> = {}
    for (const [name, table] of this.#all) if (table.size) rows[name] = [...table.oldestFirst()]
    return { rows, gone: {} }
  }
}
