import { grantIdOf, stripeInvoiceKey } from '../../credits/keys.ts'
import { listReversals } from '../../credits/reversal-history.server.ts'
import { type ReversalRequest, type Reversed, reverseGrants } from '../../credits/reversal.server.ts'
import type { ChargedPurchase } from './charged-purchase.server.ts'
import { type LineMoney, moneyOf } from './credit-note-lines.ts'

interface ReturnedMoney extends Pick<ReversalRequest, 'key' | 'source'> {
  /** In minor units. */
  amount: number
  /** The part known to be for single lines of the invoice. */
  lines?: readonly LineMoney[]
}

/**
 * Reverses the credits for money returned. If a later credit note assigns a refund to a line, a new reversal for that
 * line replaces the first one. Safe to repeat.
 * @returns what is reversed for this money now
 * @throws CreditsUnavailable
 */
export async function reverseCredits(
  purchase: ChargedPurchase,
  { key, source, amount, lines = [] }: ReturnedMoney,
): Promise<Reversed> {
  const { userId: accountId, key: of, paid, parts: soldParts } = purchase
  const known = soldParts ? lines : []
  const money = { amount, paid, ...(known.length > 0 && { parts: [...known] }) }
  const request = { accountId, source, of, money, soldParts, firstFrom: packsGrantOf(purchase, amount, known) }
  const first = await reverseGrants({ ...request, key })
  const named = moneyOf(known)
  if (!first.replayed || named === 0) return first
  const current = await standingReversal(purchase, key)
  if (!current || current.named >= named) return first
  const replaced = await reverseGrants({ ...request, key: `${key}:lines:${named}`, insteadOf: current.key })
  return replaced.found ? replaced : first
}

/** The current reversal for a refund or a credit note: the first one, or its replacement. */
export async function standingReversal({ userId, key: of }: ChargedPurchase, key: string) {
  const open = await listReversals(userId, of)
  return open.find((one) => one.key === key || one.key.startsWith(`${key}:lines:`)) ?? null
}

/** Money for packs alone is taken from their grant, if the invoice also has a plan's grant. */
function packsGrantOf(
  { key, parts }: ChargedPurchase,
  amount: number,
  lines: readonly LineMoney[],
): string | undefined {
  const packs = (parts ?? []).filter(({ isPacks }) => isPacks).flatMap(({ ids }) => ids)
  const isForPacks = lines.length > 0 && moneyOf(lines) === amount && lines.every(({ id }) => packs.includes(id))
  return isForPacks ? grantIdOf(stripeInvoiceKey(key.id, 'packs')) : undefined
}
