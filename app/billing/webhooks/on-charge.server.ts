import type { Outcome } from '../outcome.ts'
import { processCreditNote } from '../refunds/credit-note.server.ts'
import { processDispute } from '../refunds/dispute.server.ts'
import { processRefundById, processRefunds } from '../refunds/refund.server.ts'
import { readCharge, readDispute, readRefund } from '../stripe/objects/charge.ts'
import { readCreditNote } from '../stripe/objects/credit-note.ts'
import type { EventObject } from './event.ts'

/** A charge was refunded. */
export async function onCharge(object: EventObject): Promise<Outcome> {
  return processRefunds(readCharge(object).id)
}

/** A refund was created, succeeded or failed. */
export async function onRefund(object: EventObject): Promise<Outcome> {
  return processRefundById(readRefund(object).id)
}

/** A credit note was issued, changed or voided. */
export async function onCreditNote(object: EventObject): Promise<Outcome> {
  return processCreditNote(readCreditNote(object).id)
}

/** A dispute was opened, its money moved, or it was decided. */
export async function onDispute(object: EventObject): Promise<Outcome> {
  return processDispute(readDispute(object).id)
}
