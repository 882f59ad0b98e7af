import { isDeepStrictEqual } from 'node:util'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { now } from '../../clock.server.ts'
import { CreditsUnavailable } from '../../credits/errors.ts'
import { stripeRefundKey } from '../../credits/keys.ts'
import { restoreReversal } from '../../credits/reversal.server.ts'
import { refundsTaken, sumOf } from './money-returned.server.ts'
import { findMoneySource, type MoneySource, type ToldCharge } from './charged-purchase.server.ts'
import { done, ignored, type Outcome } from '../outcome.ts'
import { tellRefund } from '../invoices/receipts.server.ts'
import { reverseClaim, standingClaim } from './reverse-credits.server.ts'
import { markRow } from './refund-status.server.ts'
import { findAtStripe, listAll } from '../stripe/client.server.ts'
import { readRefund, type StripeRefund } from '../stripe/objects/charge.ts'

const ROUNDS = 5

/**
 * Takes back the share of the credits that each refund gave back in money, over all payments of what a charge paid for;
 * a refund that failed gives its credits again. Safe to repeat, and in any order. Reads the refunds again after acting:
 * one may have failed meanwhile, and its event been handled before there was anything to give back.
 * @param chargeId the charge; its refunds are listed at Stripe, since events have not carried them since 2022-11-15
 * @param told the charge as an event had it, should Stripe not know it
 * @throws CreditsUnavailable when they change faster than they can be read
 */
export async function processRefunds(chargeId: string, told: ToldCharge | null = null): Promise<Outcome> {
  const source = await findMoneySource(chargeId, told)
  if (!source) return ignored(`The charge ${chargeId} paid for nothing of ours.`)
  if (source.told) return takeToldRefunds(source, source.told)
  return takeRefunds(source)
}

/** The same for what a charge, or an invoice, is known to have paid for. */
export async function takeRefunds(source: MoneySource): Promise<Outcome> {
  let changed = false
  for (let round = 0; round < ROUNDS; round++) {
    const refunds = await listRefunds(source)
    let credits = 0
    for (const refund of refunds) {
      const effect = await processRefund(source, refund)
      credits += effect.credits
      changed ||= effect.isNew
    }
    await markRow(source)
    if (!isDeepStrictEqual(await listRefunds(source), refunds)) continue
    return done(`${refunds.length} refunds of ${source.of.id} account for ${credits} credits.`, changed)
  }
  throw new CreditsUnavailable()
}

async function listRefunds({ charges }: MoneySource): Promise<StripeRefund[]> {
  const lists = await Promise.all(
    charges.map(({ id: charge }) =>
      listAll(
        (stripe) => stripe.refunds.list({ charge, limit: 100 }),
        (refund) => readRefund(refund),
      ),
    ),
  )
  return lists.flat()
}

/**
 * The same for one refund, by its id.
 * @param refundId of an event, which may be the first to tell of the charge
 */
export async function processRefundById(refundId: string, told: StripeRefund | null = null): Promise<Outcome> {
  const found = await findAtStripe((stripe) => stripe.refunds.retrieve(refundId))
  const refund = found ? readRefund(found) : told
  const { chargeId, paymentIntentId, currency } = refund ?? {}
  if (!refund || !chargeId) return ignored(`The refund ${refundId} has no charge.`)
  return processRefunds(chargeId, {
    id: chargeId,
    paymentIntentId: paymentIntentId ?? null,
    invoiceId: null,
    amountRefunded: 0,
    currency: currency ?? '',
    refunds: [refund],
  })
}

/**
 * Refunds that Stripe cannot be asked about. The charge's event tells their sum and, in old versions, each of them;
 * theirs tell each. What the sum has taken is not taken again for the single ones, and the other way round.
 */
async function takeToldRefunds(source: MoneySource, charge: ToldCharge): Promise<Outcome> {
  const bySum = sumKeyOf(charge)
  let changed = false
  for (const told of charge.refunds) {
    const refund = { ...told, hasFailed: told.hasFailed || (await wasToldToFail(told.id)) }
    const open = await refundsTaken(source)
    const sums = open.filter(({ key }) => key.startsWith(bySum))
    if (!refund.hasFailed && sums.length > 0) continue
    const own = open.find(({ key }) => key === stripeRefundKey(refund.id))
    // One that was counted with the sum took what the sum rose by.
    const taken = own ?? sums.find(({ amount }) => amount === refund.amount)
    changed = (await processRefund(source, refund, taken?.key)).isNew || changed
  }
  const taken = sumOf(await refundsTaken(source))
  if (charge.refunds.length === 0 && charge.amountRefunded > taken) {
    const { id, amountRefunded, currency } = charge
    const sum = {
      id: `${id}:${amountRefunded}`,
      amount: amountRefunded - taken,
      hasFailed: false,
      currency,
      createdAt: now(),
    }
    const refund = { ...sum, chargeId: id, paymentIntentId: charge.paymentIntentId }
    changed = (await processRefund(source, refund)).isNew || changed
  }
  await dropCountedTwice(source, charge)
  await markRow(source)
  return done(`${sumOf(await refundsTaken(source))} of ${charge.id} was told to have gone back.`, changed)
}

const sumKeyOf = ({ id }: { id: string }): string => stripeRefundKey(`${id}:`)

/**
 * The sum and a single one, told of at once, may each not have seen the other. Looks again after acting: what is above
 * the largest sum was taken for single ones that are in it.
 */
async function dropCountedTwice(moneySource: MoneySource, charge: ToldCharge): Promise<void> {
  const { userId: accountId, of } = moneySource
  const bySum = sumKeyOf(charge)
  const open = await refundsTaken(moneySource)
  const sums = open.filter(({ key }) => key.startsWith(bySum)).map(({ key }) => Number(key.slice(bySum.length)))
  let excess = sums.length > 0 ? sumOf(open) - Math.max(...sums) : 0
  for (const { key, amount } of open) {
    if (key.startsWith(bySum) || amount > excess) continue
    const source = { type: 'refund' as const, id: charge.id }
    await restoreReversal({ accountId, key: `${key}:counted`, source, of, undoes: key })
    excess -= amount
  }
}

/** Word of the success may come after that of the failure, and nobody can be asked. */
async function wasToldToFail(refundId: string): Promise<boolean> {
  const failure = {
    type: { $in: ['refund.failed', 'refund.updated', 'charge.refund.updated'] },
    'payload.data.object.id': refundId,
    'payload.data.object.status': { $in: ['failed', 'canceled'] },
  }
  return (await WebhookEventModel.exists(failure)) !== null
}

interface Effect {
  /** Credits that stand reversed because of it. */
  credits: number
  isNew: boolean
}

/** @param undoes what one that failed had taken; what was taken under its own key unless told */
async function processRefund(moneySource: MoneySource, refund: StripeRefund, undoes?: string): Promise<Effect> {
  const { userId, of, named, parts: soldParts } = moneySource
  const key = stripeRefundKey(refund.id)
  const source = { type: 'refund' as const, id: refund.id }
  if (refund.hasFailed) {
    const restore = { accountId: userId, key: `${key}:restore`, source, of, soldParts }
    for (let round = 0; round < ROUNDS; round++) {
      const stands = undoes ?? (await standingClaim(moneySource, key))?.key
      const undone = await restoreReversal({ ...restore, undoes: stands ?? key })
      // Another process may have put another one in the place of what stood.
      if (undone.found || !stands) return { credits: 0, isNew: undone.found && !undone.replayed }
    }
    throw new CreditsUnavailable()
  }
  const lines = named.refunds.get(refund.id)
  const { reversed, found, replayed } = await reverseClaim(moneySource, { key, source, amount: refund.amount, lines })
  await tellRefund(moneySource, refund, reversed)
  return { credits: reversed, isNew: found && !replayed }
}
