import { describe, expect, test } from 'vitest'
import type { BillingDetails } from '#models/billing-details.server.ts'
import { BillingAddressCard, PaymentMethodCard } from '#app/routes/_app.billing._index/billing-details.tsx'
import { nextPaymentAt, toBillingDetailsView } from '#app/routes/_app.billing._index/billing-details-view.ts'
import { renderText } from './render.tsx'

const now = new Date('2026-05-10T12:00:00Z')
const renewal = new Date('2026-06-01T12:00:00Z')

const details: BillingDetails = {
  paymentMethod: {
    stripePaymentMethodId: 'pm_1',
    type: 'card',
    brand: 'visa',
    last4: '4242',
    expMonth: 12,
    expYear: 2030,
  },
  name: 'Ada Lovelace',
  address: {
    line1: '1 Main Street',
    line2: null,
    city: 'Springfield',
    state: 'IL',
    postalCode: '62701',
    country: 'US',
  },
  taxIds: [{ type: 'eu_vat', value: 'DE123456789' }],
  readAt: now,
  version: 'v',
}

type Changes = Partial<BillingDetails> & { card?: Partial<NonNullable<BillingDetails['paymentMethod']>> }

function viewOf({ card, ...changes }: Changes = {}, nextPaymentAt: Date | null = renewal) {
  const paymentMethod = card ? { ...details.paymentMethod!, ...card } : details.paymentMethod
  return toBillingDetailsView(
    { state: 'read', details: { ...details, paymentMethod, ...changes } },
    { now, timeZone: 'UTC', nextPaymentAt },
  )
}

const methodText = (...given: Parameters<typeof viewOf>) =>
  renderText(<PaymentMethodCard method={viewOf(...given).method} />)
const addressText = (changes: Changes) => renderText(<BillingAddressCard address={viewOf(changes).address} />)

describe('the payment method', () => {
  test('a card is shown with brand, last four digits and expiry', () => {
    expect(methodText()).toBe('Payment methodVisa•••• ending in 4242Expires 12/2030Update cardWorking…')
  })

  test.each([
    ['amex', 'American Express'],
    ['unknown', 'Card'],
    [null, 'Card'],
  ])('the brand %s is shown as %s', (brand, name) => {
    expect(viewOf({ card: { brand } }).method).toMatchObject({ name })
  })

  test('an expired card is marked, with the date by which a new one is needed', () => {
    expect(viewOf({ card: { expMonth: 4, expYear: 2026 } }).method).toMatchObject({
      expires: 'Expired 04/2026',
      warning: { tone: 'red', badge: 'Expired', text: 'Update your card before your next payment on 1 Jun.' },
    })
    expect(viewOf({ card: { expMonth: 4, expYear: 2026 } }, null).method).toMatchObject({ warning: { text: null } })
  })

  test('a card that expires before the next payment is marked, and one that expires in its month is not', () => {
    const may = { expMonth: 5, expYear: 2026 }
    expect(viewOf({ card: may }).method).toMatchObject({
      expires: 'Expires 05/2026',
      warning: { tone: 'ochre', badge: 'Expires soon', text: 'It expires before your next payment on 1 Jun.' },
    })
    expect(viewOf({ card: may }, new Date('2026-05-31T23:00:00Z')).method).toMatchObject({ warning: null })
    expect(viewOf({ card: may }, null).method).toMatchObject({ warning: null })
    expect(viewOf({ card: { expMonth: 6, expYear: 2026 } }).method).toMatchObject({ warning: null })
  })

  test('a bank account shows no expiry', () => {
    const debit = { type: 'sepa_debit', brand: null, last4: '3201', expMonth: null, expYear: null }
    expect(viewOf({ card: debit }).method).toMatchObject({ name: 'SEPA Direct Debit', expires: null, warning: null })
    expect(methodText({ card: debit })).toContain('Update payment method')
    expect(viewOf({ card: { ...debit, type: 'some_new_pay' } }).method).toMatchObject({ name: 'Some new pay' })
  })

  test('a customer can add a missing payment method, everybody else adds it at checkout', () => {
    expect(methodText({ paymentMethod: null })).toMatch(/No payment method\. .*Add card/)
    const { method, address } = toBillingDetailsView({ state: 'none' }, { now, timeZone: 'UTC', nextPaymentAt: null })
    expect(renderText(<PaymentMethodCard method={method} />)).toBe(
      'Payment methodNo payment method yet. You add one at checkout.',
    )
    expect(renderText(<BillingAddressCard address={address} />)).toBe(
      'Billing addressNo billing address yet. You enter it at checkout.',
    )
  })

  test('a payment method that Stripe does not return right now can still be changed', () => {
    const { method, address } = toBillingDetailsView(
      { state: 'unavailable' },
      { now, timeZone: 'UTC', nextPaymentAt: null },
    )
    expect(renderText(<PaymentMethodCard method={method} />)).toMatch(/Could not be read right now\. .*Update card/)
    expect(renderText(<BillingAddressCard address={address} />)).toMatch(/Could not be read right now\. .*Edit/)
  })
})

describe('the billing address', () => {
  const linesOf = (address: Partial<NonNullable<BillingDetails['address']>>) => {
    const view = viewOf({ address: { ...details.address!, ...address } }).address
    return view.state === 'known' ? view.lines : null
  }

  test('the address is formatted as in its country', () => {
    expect(linesOf({})).toEqual(['1 Main Street', 'Springfield, IL 62701', 'United States'])
    expect(linesOf({ city: 'Berlin', state: null, postalCode: '10115', country: 'DE' })).toEqual([
      '1 Main Street',
      '10115 Berlin',
      'Germany',
    ])
    expect(linesOf({ line1: null, city: null, state: null, postalCode: null, country: 'not a code' })).toEqual([
      'not a code',
    ])
  })

  test('the tax IDs are shown, or that there are none', () => {
    expect(addressText({})).toContain('EU VATDE123456789')
    expect(addressText({ taxIds: [] })).toContain('Tax IDNone')
    expect(addressText({ address: null })).toContain('EU VATDE123456789')
    expect(addressText({ address: null, taxIds: [] })).toMatch(/No billing address\. .*Add billing address/)
  })
})

test('the next payment is shown for a plan that renews', () => {
  const subscription = {
    stripeSubscriptionId: 'sub_1',
    status: 'active',
    currentPeriodEnd: renewal,
    cancelAtPeriodEnd: false,
  } as Parameters<typeof nextPaymentAt>[0] & object
  const sooner = new Date('2026-05-20T12:00:00Z')
  const nextPayment = { amount: 100, currency: 'usd', credits: 0, at: sooner, isExact: true }
  expect(nextPaymentAt(subscription)).toEqual(renewal)
  expect(nextPaymentAt({ ...subscription, nextPayment })).toEqual(sooner)
  expect(nextPaymentAt({ ...subscription, cancelAtPeriodEnd: true })).toBeNull()
  expect(nextPaymentAt({ ...subscription, status: 'past_due' })).toBeNull()
  expect(nextPaymentAt({ ...subscription, status: 'canceled' })).toBeNull()
  expect(nextPaymentAt(null)).toBeNull()
})
