import { expect, test } from 'vitest'
import { type PlanStatus, planStatusOf } from '#app/plan-status/plan-status.ts'
import { type PaymentFacts, toSuccessView } from '#app/routes/_app.billing.success/success-view.ts'

const standing = (frozen: string | null = null, credits = 3840): PlanStatus =>
  planStatusOf(null, { now: new Date('2026-05-20T12:00:00Z'), timeZone: 'UTC', gracePeriodDays: 3, credits, frozen })

const facts: PaymentFacts = { state: 'arrived', credits: 2000, balance: 3840, standing: standing(), isSlow: false }

test('the credits of a payment are shown with the new balance', () => {
  expect(toSuccessView(facts)).toEqual({
    state: 'arrived',
    figure: '2,000',
    title: 'credits added.',
    text: 'You have 3,840 credits.',
    sum: { added: '+2,000', others: '1,840', total: '3,840' },
    pause: null,
    main: 'use',
  })
})

test.each([
  ['past_due', 'update-card', 'Spending is paused because a payment failed.'],
  ['dispute', null, 'Spending is paused while a payment is disputed'],
] as const)('credits added while spending is paused (%s) are not shown as spendable', (frozen, action, why) => {
  const view = toSuccessView({ ...facts, standing: standing(frozen) })
  expect(view).toMatchObject({ state: 'arrived', figure: '2,000', sum: null, pause: { action }, main: action })
  expect(view.pause?.text).toContain(why)
})

test('credits used up by a debt are not offered for use, and buying more is', () => {
  const view = toSuccessView({ ...facts, balance: -100, standing: standing(null, -100) })
  expect(view).toMatchObject({ figure: '2,000', sum: null, main: 'buy' })
  expect(view.text).toContain('Your balance is −100.')
})

test('a page reopened after a spend shows no sum that no longer adds up', () => {
  expect(toSuccessView({ ...facts, balance: 150 })).toMatchObject({ sum: null, text: 'You have 150 credits.' })
})

test('the waiting page names the credits, and after a while says that nothing is lost', () => {
  expect(toSuccessView({ ...facts, state: 'waiting' }).title).toBe('Payment received. Adding your 2,000 credits…')
  expect(toSuccessView({ ...facts, state: 'waiting', credits: null }).title).toBe(
    'Payment received. Adding your credits…',
  )
  expect(toSuccessView({ ...facts, state: 'waiting', isSlow: true }).title).toBe('Your payment is safe.')
})

test('the waiting page repeats the same words, so that screen readers announce nothing twice', () => {
  const one = toSuccessView({ ...facts, state: 'waiting', balance: 10 })

  expect(toSuccessView({ ...facts, state: 'waiting', balance: 20 })).toEqual(one)
})

test('a failed payment says that nothing was charged', () => {
  expect(toSuccessView({ ...facts, state: 'failed' })).toMatchObject({ text: 'You were not charged.', sum: null })
})

test('a bank debit says how long it can take', () => {
  expect(toSuccessView({ ...facts, state: 'confirming' }).text).toContain('up to 3 days')
})
