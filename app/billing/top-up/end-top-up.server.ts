import type { Types } from 'mongoose'
import { type TopUp, TopUpModel } from '#models/top-up.server.ts'
import { now } from '../../clock.server.ts'
import { notify } from '../../notifications/outbox.server.ts'
import { callStripe, findAtStripe, unlessRefused } from '../stripe/client.server.ts'
import { retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import { nextMonth, packOf, uncountedIn } from './terms.ts'
import { updateTopUp } from './store.server.ts'

const HOUR_MS = 60 * 60 * 1000
/** How long after each decline in a row the card is tried again; after the last one it is not. */
const PAUSES_MS = [HOUR_MS, 24 * HOUR_MS]

/** Why a top-up ended without a payment. */
type Failure = 'declined' | 'no_card' | 'refused' | 'over_limit'

/**
 * Notes that a top-up was paid: top-up resumes if it waited for the customer's confirmation. Safe to repeat.
 * @param number of the top-up
 */
export async function endPaid(userId: Types.ObjectId, number: number): Promise<void> {
  await updateTopUp(userId, ({ open, status, reason }) => {
    if (open?.number !== number) return null
    const isConfirmed = status === 'paused' && reason === 'confirmation'
    const resumed = isConfirmed ? ({ status: 'on', reason: null } as const) : {}
    return { open: null, declines: 0, nextTryAt: null, ...resumed }
  })
}

/**
 * Ends a top-up that was not paid: takes it off the month's count, and tries again later, or stops with a mail. Its invoice
 * must be void or deleted.
 */
export async function endUnpaid(userId: Types.ObjectId, number: number, failure: Failure): Promise<void> {
  const at = now()
  const after = await updateTopUp(userId, (topUp) => {
    if (topUp.open?.number !== number) return null
    const ended = { open: null, month: uncountedIn(topUp) }
    if (topUp.status === 'off') return ended
    if (failure === 'over_limit') return { ...ended, nextTryAt: nextMonth(at) }
    const declines = failure === 'declined' ? topUp.declines + 1 : topUp.declines
    const pause = failure === 'declined' ? PAUSES_MS[declines - 1] : undefined
    if (pause !== undefined) return { ...ended, declines, nextTryAt: new Date(at.getTime() + pause) }
    return { ...ended, declines: 0, nextTryAt: null, status: 'paused', reason: failure }
  })
  if (after?.status === 'paused' && after.reason !== 'confirmation') await notifyStopped(after, number)
  if (failure === 'over_limit' && after) await notifyLimit(after)
}

async function notifyStopped(topUp: TopUp, number: number): Promise<void> {
  const { _id: userId, reason } = topUp
  const pack = packOf(topUp)
  if (!pack || !reason || reason === 'confirmation') return
  const data = { reason, credits: pack.credits, amount: pack.price.amount, currency: pack.price.currency }
  await notify({ kind: 'top_up_stopped', userId, key: `${userId.toHexString()}:${number}`, data })
}

/** Tells the user that this month's limit is reached, once a month. */
export async function notifyLimit({ _id: userId, timesMax, amountMax, currency }: TopUp): Promise<void> {
  const resetsAt = nextMonth(now())
  const key = `${userId.toHexString()}:${resetsAt.toISOString().slice(0, 7)}`
  await notify({ kind: 'top_up_limit', userId, key, data: { timesMax, amountMax, currency, resetsAt } })
}

/**
 * Makes sure that an unpaid invoice is never paid.
 * @returns false if it was paid already
 */
export async function voidInvoice(invoiceId: string): Promise<boolean> {
  const invoice = await retrieveInvoice(invoiceId)
  if (!invoice || invoice.isVoid) return true
  if (invoice.isPaid) return false
  // It may be paid, voided or finalized a moment before.
  if (invoice.isOpen) await unlessRefused(callStripe((stripe) => stripe.invoices.voidInvoice(invoiceId)))
  else await unlessRefused(callStripe((stripe) => stripe.invoices.del(invoiceId)))
  const after = await findAtStripe((stripe) => stripe.invoices.retrieve(invoiceId))
  return !after || after.status === 'void'
}

/**
 * Notes what happened to the invoice of a top-up that waits for its customer: paid on Stripe's page, or voided by the shop.
 * Does nothing for other invoices.
 */
export async function noteInvoice(invoiceId: string, outcome: 'paid' | 'void'): Promise<void> {
  const waiting = { 'open.stripeInvoiceId': invoiceId, reason: 'confirmation' as const }
  const topUp = await TopUpModel.findOne(waiting).lean<TopUp>()
  if (!topUp?.open) return
  if (outcome === 'paid') await endPaid(topUp._id, topUp.open.number)
  else await endUnpaid(topUp._id, topUp.open.number, 'refused')
}
