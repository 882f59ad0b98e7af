import { describe, expect, it } from 'vitest'
import { readDispute, readRefund } from '#app/billing/stripe/objects/charge.ts'
import { readInvoice } from '#app/billing/stripe/objects/invoice.ts'
import { readSession } from '#app/billing/stripe/objects/checkout-session.ts'
import { readSubscription } from '#app/billing/stripe/objects/subscription.ts'
import { termOf } from '#app/billing/subscriptions/subscription-state.ts'

const invoice = {
  id: 'in_1',
  customer: 'cus_1',
  status: 'paid',
  currency: 'usd',
  amount_paid: 1000,
  amount_due: 1000,
  total: 1000,
  created: 1_700_000_000,
  billing_reason: 'subscription_create',
  hosted_invoice_url: 'https://invoice.stripe.com/i',
}
const line = {
  id: 'il_1',
  amount: 1000,
  currency: 'usd',
  quantity: 1,
  period: { start: 1_700_000_000, end: 1_702_592_000 },
}

/** Before 2025-03-31. */
const oldInvoice = {
  ...invoice,
  paid: true,
  subscription: 'sub_1',
  subscription_details: { metadata: { app: 'scrip' } },
  lines: {
    data: [
      {
        ...line,
        proration: true,
        price: { id: 'price_1', unit_amount: 1000, unit_amount_decimal: '1000', recurring: {} },
      },
    ],
  },
}

/** Since then. */
const newInvoice = {
  ...invoice,
  parent: { type: 'subscription_details', subscription_details: { subscription: 'sub_1', metadata: { app: 'scrip' } } },
  lines: {
    data: [
      {
        ...line,
        parent: { type: 'subscription_item_details', subscription_item_details: { proration: true } },
        pricing: { type: 'price_details', price_details: { price: 'price_1' }, unit_amount_decimal: '1000' },
      },
    ],
    has_more: false,
  },
}

describe('objects of two API versions', () => {
  it('an invoice reads the same in both API versions (1.14, complaints 14, 15)', () => {
    expect(readInvoice(oldInvoice)).toEqual(readInvoice(newInvoice))
    expect(readInvoice(newInvoice)).toMatchObject({
      customerId: 'cus_1',
      subscriptionId: 'sub_1',
      isPaid: true,
      metadata: { app: 'scrip' },
      lines: [{ priceId: 'price_1', unitAmount: '1000', proration: true, amount: 1000 }],
    })
  })

  it('an invoice with everything expanded reads the same in both API versions (1.14, complaints 14, 15)', () => {
    const expanded = {
      ...newInvoice,
      customer: { id: 'cus_1', object: 'customer' },
      parent: { subscription_details: { subscription: { id: 'sub_1' }, metadata: { app: 'scrip' } } },
    }
    expect(readInvoice(expanded)).toEqual(readInvoice(newInvoice))
  })

  it('a subscription reads the same in both API versions (1.14, complaints 14, 15)', () => {
    const period = { current_period_start: 1_700_000_000, current_period_end: 1_702_592_000 }
    const item = { id: 'si_1', price: { id: 'price_1' }, quantity: 1 }
    const subscription = { id: 'sub_1', customer: 'cus_1', status: 'active', created: 1_700_000_000, metadata: {} }
    const old = readSubscription({ ...subscription, ...period, cancel_at_period_end: false, items: { data: [item] } })
    const current = readSubscription({ ...subscription, items: { data: [{ ...item, ...period }] } })
    expect(old).toEqual(current)
    expect(old.periodEnd?.toISOString()).toBe('2023-12-14T22:13:20.000Z')
  })
})

describe('equivalent forms of one object', () => {
  it('a cancellation by date, as the portal of newer versions makes it, is a cancellation at period end', () => {
    const subscription = readSubscription({
      id: 'sub_1',
      customer: 'cus_1',
      status: 'active',
      created: 1,
      current_period_end: 1_702_592_000,
      cancel_at: 1_702_592_000,
      cancel_at_period_end: false,
    })
    expect(subscription.hasCancelFlag).toBe(false)
    expect(termOf(subscription, null).cancelAtPeriodEnd).toBe(true)
  })

  it('a checkout session that costs nothing counts as paid', () => {
    const session = {
      id: 'cs_1',
      mode: 'payment',
      status: 'complete',
      created: 1,
      payment_status: 'no_payment_required',
    }
    expect(readSession(session)).toMatchObject({ isPaid: true, paymentIntentId: null })
    expect(readSession({ ...session, payment_status: 'unpaid' }).isPaid).toBe(false)
  })

  it('a canceled refund counts as failed, and a pending one does not', () => {
    const refund = { id: 're_1', amount: 5, charge: { id: 'ch_1' }, created: 1 }
    expect(readRefund({ ...refund, status: 'failed' })).toMatchObject({ hasFailed: true, chargeId: 'ch_1' })
    expect(readRefund({ ...refund, status: 'canceled' }).hasFailed).toBe(true)
    expect(readRefund({ ...refund, status: 'pending' }).hasFailed).toBe(false)
  })

  it('an object of another kind is refused', () => {
    expect(() => readInvoice({ id: 'in_1' })).toThrow()
    expect(() => readDispute(null)).toThrow()
    expect(() => readSubscription({ ...invoice, items: 'x' })).toThrow()
  })
})
