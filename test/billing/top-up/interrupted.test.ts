import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { runTopUps } from '#app/billing/top-up/run-top-ups.server.ts'
import { recordPaidInvoice } from '#app/billing/invoices/record-paid-invoice.server.ts'
import type { ApiFailure } from '#sandbox/stripe/core/faults.ts'
import { TopUpModel } from '#models/top-up.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance } from '../clock.ts'
import { creditsOf, Deliveries, historyOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'
import { aCustomer, invoicesOf, paidTopUps, PRICE, spendAndRun, TERMS, topUpOf } from './customer.ts'

useDatabase()
const context = useStripe()
const line = new Deliveries(context)
const LEASE_DAYS = 6 / (24 * 60)

beforeEach(() => {
  vi.stubEnv('STRIPE_PATIENCE_SECONDS', '4')
  resetConfig()
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  resetConfig()
  setNow(null)
})

const REQUESTS: Record<string, RegExp> = {
  'creates the invoice': /^POST \/v1\/invoices$/,
  'adds the pack': /^POST \/v1\/invoiceitems$/,
  'finalizes the invoice': /^POST .*\/finalize$/,
  'charges the card': /^POST .*\/pay$/,
}
const FAILURES: ApiFailure[] = [500, 'reset', 'lost_answer']

describe('a top-up while Stripe fails', () => {
  test.each(Object.keys(REQUESTS).flatMap((request) => FAILURES.map((failure) => [request, failure] as const)))(
    'the request that %s fails with %s: the job pays once, later',
    async (request, failure) => {
      const user = await aCustomer(line)
      const next = vi
        .spyOn(context.sandbox.faults, 'next')
        .mockImplementation((method, path) => (REQUESTS[request]!.test(`${method} ${path}`) ? failure : null))
      expect(await spendAndRun(user, 50)).toMatchObject({ failed: 1 })
      next.mockRestore()

      advance(context, LEASE_DAYS)
      await Promise.all([runTopUps(), runTopUps()])
      advance(context, LEASE_DAYS)
      await runTopUps()
      await line.deliver()

      expect(await paidTopUps(context, user)).toBe(1)
      expect(await creditsOf(user)).toBe(570)
      expect((await historyOf(user)).filter(({ amount }) => amount === PRICE)).toHaveLength(1)
      expect(await topUpOf(user)).toMatchObject({ status: 'on', open: null, month: { times: 1, amount: PRICE } })
      expect((await invoicesOf(context, user)).filter(({ status }) => status === 'open')).toEqual([])
    },
  )
})

test('a process that died before it stored the invoice, more than a day ago, is continued with that invoice', async () => {
  const user = await aCustomer(line)
  const next = vi
    .spyOn(context.sandbox.faults, 'next')
    .mockImplementation((method, path) => (REQUESTS['adds the pack']!.test(`${method} ${path}`) ? 'reset' : null))
  await spendAndRun(user, 50)
  next.mockRestore()
  await TopUpModel.updateOne({ _id: user._id }, { $set: { 'open.stripeInvoiceId': null } })

  advance(context, 2)
  await runTopUps()

  expect(await invoicesOf(context, user)).toHaveLength(1)
  expect(await creditsOf(user)).toBe(570)
})

test('a process that died after the payment and before the credits is completed by the event or by the job', async () => {
  const user = await aCustomer(line)
  const next = vi
    .spyOn(context.sandbox.faults, 'next')
    .mockImplementation((method, path) =>
      REQUESTS['charges the card']!.test(`${method} ${path}`) ? 'lost_answer' : null,
    )
  await spendAndRun(user, 50)
  next.mockRestore()
  expect(await creditsOf(user)).toBe(70)

  const [invoice] = await invoicesOf(context, user)
  expect(invoice?.status).toBe('paid')
  await recordPaidInvoice(invoice!.id)
  expect(await creditsOf(user)).toBe(570)
  advance(context, LEASE_DAYS)
  await runTopUps()
  expect(await creditsOf(user)).toBe(570)
  expect(await topUpOf(user)).toMatchObject({ open: null, number: 1 })
})

test('a top-up that Stripe’s failure delays into the next month is canceled, and another one counts in that month', async () => {
  const user = await aCustomer(line, { terms: { ...TERMS, timesMax: 1 } })
  const next = vi
    .spyOn(context.sandbox.faults, 'next')
    .mockImplementation((method, path) => (REQUESTS['charges the card']!.test(`${method} ${path}`) ? 'reset' : null))
  await spendAndRun(user, 50)
  next.mockRestore()

  advance(context, 31)
  await runTopUps()
  await spendAndRun(user, 500)

  expect((await invoicesOf(context, user)).map(({ status }) => status)).toEqual(['paid', 'void'])
  expect(await topUpOf(user)).toMatchObject({ open: null, number: 2, month: { times: 1, amount: PRICE } })
})
