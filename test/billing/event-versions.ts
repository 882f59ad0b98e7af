import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { inVersion } from '#sandbox/stripe/versions/legacy.ts'
import Stripe from 'stripe'
import { expect } from 'vitest'
import { post, type PostedEvent } from '#test/billing/scenario.ts'
import type { StripeForTests } from '#test/billing/stripe.ts'

/*
 * Helpers for customers' lives that are driven from Stripe's side alone, as by the portal, the dashboard and
 * banks, so that the app learns of them by events only.
 */

/** The oldest version whose events an endpoint may get, and the version of the client library. */
export const OLD_VERSION = '2024-06-20'
export const CURRENT_VERSION = Stripe.API_VERSION

/** An event as an endpoint of this version gets it. */
export function inShapeOf<T extends PostedEvent>({ sandbox }: StripeForTests, event: T, version: string): T {
  const data = inVersion(sandbox.world, event.data, version) as T['data']
  return { ...event, api_version: version, data }
}

/** Posts events one after the other and expects each to be accepted. */
export async function postGood(events: readonly object[]): Promise<void> {
  const refused: string[] = []
  for (const event of events as PostedEvent[]) {
    const { status } = await post(JSON.stringify(event))
    if (status === 200) continue
    const stored = await WebhookEventModel.findById(event.id).lean()
    refused.push(`${event.type}: ${status} ${stored?.lastError ?? ''}`)
  }
  expect(refused).toEqual([])
}

/** Posts events one after the other. @returns the statuses */
export async function postAll(events: readonly object[]): Promise<number[]> {
  const statuses: number[] = []
  for (const event of events) statuses.push((await post(JSON.stringify(event))).status)
  return statuses
}
