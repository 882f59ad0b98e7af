import mongoose from 'mongoose'
import Stripe from 'stripe'
import { findPlan } from '#app/billing/plans.ts'
import { ensurePrices } from '#app/billing/catalog/ensure-prices.server.ts'
import { forgetPrices } from '#app/billing/catalog/prices.server.ts'
import { setNow } from '#app/clock.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { startStripeSandbox } from '#sandbox/stripe/server.ts'
import type { StripeForTests } from '../stripe.ts'
import { randomOf } from './chaos.ts'
import type { LifePlan } from './life-plan.ts'
import { startMachines } from './machines.ts'

/** Every life has its own Stripe, database and machines, so that a failed one does not affect the next. */
export async function newWorld(context: StripeForTests, { manners, policies }: LifePlan): Promise<StripeForTests> {
  await context.sandbox.close()
  setNow(null)
  context.sandbox = await startStripeSandbox()
  const { port } = context.sandbox
  context.stripe = new Stripe('sk_test_lives', { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0 })
  process.env.STRIPE_API_BASE = context.sandbox.url
  resetConfig()
  forgetPrices()
  startMachines({ manners })
  const { db } = mongoose.connection
  for (const { name } of await db!.listCollections().toArray()) await db!.collection(name).deleteMany({})
  for (const [name, policy] of Object.entries(policies)) Object.assign(findPlan(name)!, policy)
  await ensurePrices()
  return context
}

/** @returns a function that restores the plan file */
export function rememberPlans(): () => void {
  const names = ['Beginner', 'Daily', 'Creator']
  const before = names.map((name) => ({ ...findPlan(name)! }))
  return () => names.forEach((name, index) => Object.assign(findPlan(name)!, before[index]))
}

/** Seeds the sandbox's random choices, as far as concurrent calls allow. */
export async function withSeededDice<T>(seed: number, work: () => Promise<T>): Promise<T> {
  const { random } = Math
  Math.random = randomOf(seed)
  try {
    return await work()
  } finally {
    Math.random = random
  }
}
