import { describe, expect, test } from 'vitest'
import { type Grant, NEVER } from '#models/credit-account.server.ts'
import type { PaymentBehind } from '#app/billing/purchases/grant-payments.server.ts'
import { toGrantViews } from '#app/routes/_app.billing._index/grant-views.server.ts'
import { toArrivals } from '#app/routes/_app.billing.credits._index/arrivals.server.ts'
import { wordsOfGrant } from '#app/usage/grant-words.server.ts'

const now = new Date('2026-05-04T12:00:00Z')
const context = { now, timeZone: 'UTC' }

const grant = (id: string, changes: Partial<Grant> = {}): Grant => ({
  id,
  source: { type: 'invoice', id: 'in_1' },
  category: 'paid',
  priority: 50,
  granted: 1000,
  remaining: 400,
  reserved: [],
  started: true,
  expired: false,
  effectiveAt: now,
  expiresAt: NEVER,
  createdAt: now,
  ...changes,
})

const payment: PaymentBehind = {
  plan: 'Daily',
  packs: [],
  planCredits: 0,
  billingReason: 'subscription_cycle',
  amount: 1800,
  amountRefunded: 0,
  dispute: null,
  currency: 'usd',
  creditsAdded: 2000,
  paidAt: now,
  invoiceNumber: null,
  url: 'https://invoice.example.com/in_1',
}
const behind = (changes: Partial<PaymentBehind> = {}, key = 'invoice:in_1') =>
  new Map([[key, { ...payment, ...changes }]])
const none = new Map<string, PaymentBehind>()
const nameOf = (changes: Partial<Grant>, payments = none) => wordsOfGrant(grant('g:x', changes), payments, context).name
const paidFor = (changes: Partial<PaymentBehind>) => wordsOfGrant(grant('g:x'), behind(changes), context).paid

describe('the list of grants in spending order', () => {
  test('each grant says why it is used before the next', () => {
    const views = toGrantViews(
      [
        grant('a', { priority: 0 }),
        grant('b', { expiresAt: new Date('2026-05-09T00:00:00Z') }),
        grant('c', { category: 'promotional' }),
        grant('d', { createdAt: new Date('2026-04-01T00:00:00Z') }),
        grant('e'),
      ],
      none,
      context,
    )

    expect(views.map(({ why }) => why)).toEqual([
      'Set to be used first.',
      'Expires first.',
      'Free credits are used before paid ones.',
      'Oldest first.',
      null,
    ])
    expect(views[0]?.position).toBe('Used next')
    expect(views[1]?.expires).toBe('Expires 9 May')
    expect(views[4]?.expires).toBe('Never expires')
  })

  test('an upcoming grant says when it starts and how many credits it has, not that none are left', () => {
    const later = grant('x', { started: false, remaining: 0, effectiveAt: new Date('2026-06-01T00:00:00Z') })

    expect(toGrantViews([later], none, context)[0]).toMatchObject({
      position: 'Starts 1 Jun',
      why: null,
      left: { figure: '1,000 credits', of: 'upcoming' },
      share: null,
    })
  })

  test('a grant says how much is left and how much is reserved', () => {
    const held = grant('x', { reserved: [{ hold: 'h', amount: 60 }] })

    expect(toGrantViews([held], none, context)[0]).toMatchObject({
      reserved: '60 reserved',
      left: { figure: '400', of: 'of 1,000 left' },
    })
  })
})

describe('the name of a grant', () => {
  test.each([
    ['subscription_create', 'First payment of Daily, 4 May'],
    ['subscription_cycle', 'Renewal of Daily, 4 May'],
    ['subscription_update', 'Change to Daily, 4 May'],
    ['manual', 'Invoice of Daily, 4 May'],
  ])('a grant from an invoice with the reason %s is named %s', (billingReason, name) => {
    expect(nameOf({}, behind({ billingReason }))).toBe(name)
  })

  test('a monthly share of a yearly plan is named with its month, a yearly grant without one', () => {
    const year = behind({ creditsAdded: 12_000, planCredits: 12_000 })
    const share = { id: 'g:stripe:invoice:in_1:2', granted: 1000 }

    expect(nameOf(share, year)).toBe('Renewal of Daily, month 3, 4 May')
    expect(nameOf({ id: 'g:stripe:invoice:in_1', granted: 1000 }, year)).toBe('Renewal of Daily, month 1, 4 May')
    expect(nameOf({ granted: 12_000 }, year)).toBe('Renewal of Daily, 4 May')
  })

  test('packs, gifts, corrections and restored credits have names of their own', () => {
    const pack = behind({ plan: null, creditsAdded: 500 }, 'payment:pi_1')

    expect(nameOf({ source: { type: 'payment', id: 'pi_1' } }, pack)).toBe('Pack of 500, 4 May')
    expect(nameOf({ category: 'promotional' }, behind())).toBe('Trial of Daily, 4 May')
    expect(nameOf({ source: { type: 'welcome', id: 'w' } })).toBe('Welcome credits, 4 May')
    expect(nameOf({ source: { type: 'admin', id: 'a', reason: 'For the trouble' } })).toBe(
      'Correction: For the trouble, 4 May',
    )
    expect(nameOf({ source: { type: 'dispute', id: 'dp_1' } })).toBe('Restored after a dispute, 4 May')
    expect(nameOf({})).toBe('Invoice, 4 May')
  })
})

test('the payment of a grant shows the money refunded', () => {
  expect(paidFor({})).toBe('Paid $18.00')
  expect(paidFor({ amountRefunded: 900 })).toBe('Paid $18.00, $9.00 refunded')
  expect(paidFor({ amountRefunded: 1800 })).toBe('Paid $18.00, all refunded')
  expect(paidFor({ dispute: 'open' })).toBe('Paid $18.00, disputed at the bank')
  expect(paidFor({ dispute: 'lost' })).toBe('Paid $18.00, lost in a dispute')
  expect(paidFor({ amount: 0 })).toBe('Nothing was charged')
})

test('the full list includes used-up grants and leaves out negative corrections', () => {
  const terms = grant('g:a')
  const entry = (changes: object) =>
    ({ key: 'k', kind: 'grant', amount: 1000, at: now, source: terms.source, ...changes }) as const

  const rows = toArrivals(
    [entry({ grant: terms }), entry({ grant: { ...terms, id: 'g:b' } }), entry({ kind: 'adjust', amount: -5 })],
    [grant('g:b')],
    behind(),
    context,
  )

  expect(rows.map(({ left, credits, href }) => [left, credits, href])).toEqual([
    ['0', '+1,000', '/billing/credits/g%3Aa'],
    ['400', '+1,000', '/billing/credits/g%3Ab'],
  ])
})
