import type { PurchasedLine } from '#models/purchased-line.server.ts'
import { formatCreditsInWords } from '../../format.ts'
import type { LineCredits } from './sold-line.ts'

interface PaidLine {
  id: string
  description: string | null
  quantity: number
  amount: number
}

const NAME_MAX = 100

/**
 * Combines what was bought with the credits of each line.
 * @param byLine the lines of ours, by `creditsByLine`
 * @param granted what the entries grant in all: the lines follow it, also after an earlier attempt by another plan file
 */
export function purchasedLines(
  paid: readonly PaidLine[],
  byLine: readonly LineCredits[],
  granted: number,
): PurchasedLine[] {
  const ours = new Map(byLine.map((one) => [one.line.id, one]))
  const lines = paid.map(({ id, description, quantity, amount }): PurchasedLine => {
    const found = ours.get(id)
    const common = { id, quantity, amount, credits: found?.credits ?? 0 }
    if (found?.line.kind === 'plan') return { ...common, kind: 'plan', name: found.line.plan.name }
    if (found?.line.kind === 'pack') return { ...common, kind: 'pack', name: found.line.pack.id }
    return { ...common, kind: 'other', name: (description ?? 'Other').slice(0, NAME_MAX) }
  })
  const rest = granted - lines.reduce((sum, { credits }) => sum + credits, 0)
  // A trial's credits, unless another trial already granted them.
  const trial = byLine.find(({ trialCredits }) => trialCredits > 0)?.line.id
  const bearer = lines.find(({ id }) => id === trial) ?? lines.find(({ kind }) => kind !== 'other') ?? lines[0]
  if (bearer) bearer.credits += rest
  return lines
}

const METADATA_MAX = 400

/** The metadata of a grant for several packs: "500, 2000 × 2". */
export function packsMetadata(packs: readonly { pack: { id: string }; quantity: number }[]): { packs: string } {
  const names = packs.map(({ pack, quantity }) => (quantity > 1 ? `${pack.id} × ${quantity}` : pack.id))
  return { packs: names.join(', ').slice(0, METADATA_MAX) }
}

/** "Credit pack 500", "Credit pack 500 × 2" */
export const packInWords = (id: string, quantity: number): string =>
  `Credit pack ${id}${quantity > 1 ? ` × ${quantity}` : ''}`

/** What was bought besides a row's plan, each item once: packs, other plans, and items that are not ours. */
export function besides(lines: readonly PurchasedLine[] | null | undefined, planName: string | null): string[] {
  const sold = (lines ?? []).filter(isSold)
  const plans = sold.filter(({ kind, name }) => kind === 'plan' && name !== planName)
  const others = sold.filter(({ kind }) => kind === 'other')
  return [...new Set(plans.map(({ name }) => name)), ...packsIn(sold), ...new Set(others.map(({ name }) => name))]
}

const isSold = ({ amount, credits }: PurchasedLine): boolean => amount > 0 || credits > 0

/** The packs bought, each with its quantity: "Credit pack 500 × 2". */
export function packsIn(lines: readonly PurchasedLine[]): string[] {
  const packs = new Map<string, number>()
  for (const line of lines.filter(isSold)) {
    if (line.kind === 'pack') packs.set(line.name, (packs.get(line.name) ?? 0) + line.quantity)
  }
  return [...packs].map(([id, quantity]) => packInWords(id, quantity))
}

/** "Daily, monthly + Credit pack 2000" */
export const joined = (parts: readonly string[]): string => parts.join(' + ')

/** The name of an invoice without a plan: "Credit pack 2000", or Stripe's description. */
export const nameOfPurchase = (lines: readonly PurchasedLine[]): string =>
  joined(besides(lines, null)) || lines[0]?.name || 'Other'

/** The name of a pack purchase: its credits, or everything that was bought. */
export function purchaseInWords(row: { lines?: readonly PurchasedLine[] | null; creditsAdded: number }): string {
  const all = besides(row.lines, null)
  return all.length > 1 ? joined(all) : formatCreditsInWords(row.creditsAdded)
}
