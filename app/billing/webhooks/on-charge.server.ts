import { processDispute } from '../dispute.server.ts'
import type { Outcome } from '../outcome.ts'
import { processRefundById, processRefunds } from '../refund.server.ts'
import { readCharge, readDispute, readRefund } from '../stripe-shapes.ts'
import type { EventObject } from './event.ts'

/** Some of a charge went back. */
export async function onCharge(object: EventObject): Promise<Outcome> {
  return processRefunds(readCharge(object).id)
}

/** A refund was made, went through or failed. */
export async function onRefund(object: EventObject): Promise<Outcome> {
  return processRefundById(readRefund(object).id)
}

/** A dispute was opened, its money moved, or it was decided. */
export async function onDispute(object: EventObject): Promise<Outcome> {
  return processDispute(readDispute(object).id)
}
