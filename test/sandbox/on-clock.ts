import type Stripe from 'stripe'
import { expect } from 'vitest'
import type { StripeSandbox } from '#sandbox/stripe/server.ts'
import { aCustomer } from './harness.ts'

export const START = Date.UTC(2026, 0, 31, 12) / 1000

/** Unix seconds of a moment in UTC. */
export const at = (text: string): number => Date.parse(`${text}Z`) / 1000

/** A customer on a test clock frozen at noon on 31 January 2026. */
export async function onClock(sandbox: StripeSandbox, stripe: Stripe, card = 'pm_card_visa') {
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: START })
  const customer = await aCustomer(stripe, card, { test_clock: clock.id })
  const advance = async (to: string) => {
    await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: at(to) })
    await sandbox.idle()
    expect((await stripe.testHelpers.testClocks.retrieve(clock.id)).status).toBe('ready')
  }
  return { clock, customer, advance }
}

/** Makes the next charges fail without touching the subscription. */
export async function useCard(stripe: Stripe, customer: string, card: string) {
  const method = await stripe.paymentMethods.attach(card, { customer })
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method.id } })
}
