import { grantIdOf, stripeInvoiceKey } from '../../credits/keys.ts'
import { type Reversed, type ReversalRequest, reverseGrants } from '../../credits/reversal.server.ts'
import { listReversals } from '../../credits/reversal-history.server.ts'
import type { LineMoney } from './credit-note-lines.ts'
import type { MoneySource } from './charged-purchase.server.ts'

interface Claim extends Pick<ReversalRequest, 'key' | 'source'> {
  /** In minor units. */
  amount: number
  /** What of it is known to be for a line of the invoice. */
  lines?: readonly LineMoney[]
}

/**
 * Takes back the credits of money that went back of a source. Where a credit note says only afterwards for which line a
 * refund was, the reversal of that refund is replaced by one that knows. Safe to repeat.
 * @returns what this claim took, as it stands
 */
export async function reverseClaim(
  moneySource: MoneySource,
  { key, source, amount, lines = [] }: Claim,
): Promise<Reversed> {
  const { userId: accountId, of, paid, parts: soldParts } = moneySource
  const known = soldParts ? lines : []
  const money = { amount, paid, ...(known.length > 0 && { parts: [...known] }) }
  const request = { accountId, source, of, money, soldParts, firstFrom: packsGrantOf(moneySource, amount, known) }
  const first = await reverseGrants({ ...request, key })
  const named = sumOf(known)
  if (!first.replayed || named === 0) return first
  const stands = await standingClaim(moneySource, key)
  if (!stands || stands.named >= named) return first
  const replaced = await reverseGrants({ ...request, key: `${key}:lines:${named}`, insteadOf: stands.key })
  return replaced.found ? replaced : first
}

/** The reversal that stands for a refund or a credit note: its first one, or what took its place. */
export async function standingClaim({ userId, of }: Pick<MoneySource, 'userId' | 'of'>, key: string) {
  const open = await listReversals(userId, of)
  return open.find((one) => one.key === key || one.key.startsWith(`${key}:lines:`)) ?? null
}

/** Money that is for packs alone comes out of their grant, where the invoice has one for them beside that of a plan. */
function packsGrantOf({ of, parts }: MoneySource, amount: number, lines: readonly LineMoney[]): string | undefined {
  const packs = (parts ?? []).filter(({ isPacks }) => isPacks).flatMap(({ ids }) => ids)
  const isForPacks = lines.length > 0 && sumOf(lines) === amount && lines.every(({ id }) => packs.includes(id))
  return isForPacks ? grantIdOf(stripeInvoiceKey(of.id, 'packs')) : undefined
}

const sumOf = (lines: readonly LineMoney[]): number => lines.reduce((sum, { amount }) => sum + amount, 0)
