import { isDeepStrictEqual } from 'node:util'
import { CreditsUnavailable } from '../credits/errors.ts'
import { stripeRefundKey } from '../credits/keys.ts'
import { restoreReversal, reverseGrants } from '../credits/reversal.server.ts'
import { findMoneySource, type MoneySource } from './money-source.server.ts'
import { done, ignored, type Outcome } from './outcome.ts'
import { tellRefund } from './payment-mails.server.ts'
import { markRefunded } from './refund-marks.server.ts'
import { findAtStripe, listAll } from './stripe.server.ts'
import { readRefund, type StripeRefund } from './stripe-shapes.ts'

const ROUNDS = 5

/**
 * Takes back the share of the credits that each refund of a charge gave back in money; a refund that failed gives its
 * credits again. Safe to repeat, and in any order. Reads the refunds again after acting: one may have failed meanwhile,
 * and its event been handled before there was anything to give back.
 * @param chargeId the charge; its refunds are listed at Stripe, since events have not carried them since 2022-11-15
 * @throws CreditsUnavailable when they change faster than they can be read
 */
export async function processRefunds(chargeId: string): Promise<Outcome> {
  let changed = false
  for (let round = 0; round < ROUNDS; round++) {
    const source = await findMoneySource(chargeId)
    if (!source) return ignored(`The charge ${chargeId} paid for nothing of ours.`)
    const refunds = await listRefunds(chargeId)
    let credits = 0
    for (const refund of refunds) {
      const effect = await processRefund(source, refund)
      credits += effect.credits
      changed ||= effect.isNew
    }
    await markRefunded(source)
    if (!isDeepStrictEqual(await listRefunds(chargeId), refunds)) continue
    return done(`${refunds.length} refunds of ${chargeId} account for ${credits} credits.`, changed)
  }
  throw new CreditsUnavailable()
}

const listRefunds = (charge: string): Promise<StripeRefund[]> =>
  listAll(
    (stripe) => stripe.refunds.list({ charge, limit: 100 }),
    (refund) => readRefund(refund),
  )

/**
 * The same for one refund, by its id.
 * @param refundId of an event, which may be the first to tell of the charge
 */
export async function processRefundById(refundId: string): Promise<Outcome> {
  const found = await findAtStripe((stripe) => stripe.refunds.retrieve(refundId))
  const chargeId = found && readRefund(found).chargeId
  return chargeId ? processRefunds(chargeId) : ignored(`The refund ${refundId} has no charge.`)
}

interface Effect {
  /** Credits that stand reversed because of it. */
  credits: number
  isNew: boolean
}

async function processRefund({ userId, of, paid, charge }: MoneySource, refund: StripeRefund): Promise<Effect> {
  const key = stripeRefundKey(refund.id)
  const source = { type: 'refund' as const, id: refund.id }
  if (refund.hasFailed) {
    const undone = await restoreReversal({ accountId: userId, key: `${key}:restore`, source, of, undoes: key })
    return { credits: 0, isNew: undone.found && !undone.replayed }
  }
  const { reversed, found, replayed } = await reverseGrants({
    accountId: userId,
    key,
    source,
    of,
    money: { amount: refund.amount, paid },
  })
  await tellRefund({ userId, of, paid, charge }, refund, reversed)
  return { credits: reversed, isNew: found && !replayed }
}
