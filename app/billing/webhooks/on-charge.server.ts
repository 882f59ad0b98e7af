import { processCreditNote } from '../refunds/credit-note.server.ts'
import { processDispute } from '../refunds/dispute.server.ts'
import type { Outcome } from '../outcome.ts'
import { processRefundById, processRefunds } from '../refunds/refund.server.ts'
import { readCharge, readDispute, readRefund } from '../stripe/objects/charge.ts'
import { readCreditNote } from '../stripe/objects/credit-note.ts'
import type { EventObject } from './event.ts'

/** Some of a charge went back. */
export async function onCharge(object: EventObject): Promise<Outcome> {
  const charge = readCharge(object)
  return processRefunds(charge.id, charge)
}

/** A refund was made, went through or failed. */
export async function onRefund(object: EventObject): Promise<Outcome> {
  const refund = readRefund(object)
  return processRefundById(refund.id, refund)
}

/** Some of an invoice was credited. */
export async function onCreditNote(object: EventObject): Promise<Outcome> {
  return processCreditNote(readCreditNote(object).id)
}

/** A dispute was opened, its money moved, or it was decided. */
export async function onDispute(object: EventObject): Promise<Outcome> {
  const dispute = readDispute(object)
  return processDispute(dispute.id, dispute)
}
