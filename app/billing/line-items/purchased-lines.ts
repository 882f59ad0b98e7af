import type { BoughtLine } from '#models/bought-line.server.ts'
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
 * Puts together what was bought and what each line of it brought.
 * @param paid every line of the invoice or of the checkout
 * @param byLine those of ours, by `creditsByLine`
 * @param granted what the entries grant in all; where an earlier try granted otherwise, the lines follow what was granted
 */
export function boughtLines(paid: readonly PaidLine[], byLine: readonly LineCredits[], granted: number): BoughtLine[] {
  const ours = new Map(byLine.map((one) => [one.line.id, one]))
  const lines = paid.map(({ id, description, quantity, amount }): BoughtLine => {
    const found = ours.get(id)
    const common = { id, quantity, amount, credits: found?.credits ?? 0 }
    if (found?.line.kind === 'plan') return { ...common, kind: 'plan', name: found.line.plan.name }
    if (found?.line.kind === 'pack') return { ...common, kind: 'pack', name: found.line.pack.id }
    return { ...common, kind: 'other', name: (description ?? 'Other').slice(0, NAME_MAX) }
  })
  const rest = granted - lines.reduce((sum, { credits }) => sum + credits, 0)
  // A trial's credits, which its line brings unless another trial has brought them before.
  const trial = byLine.find(({ trialCredits }) => trialCredits > 0)?.line.id
  const bearer = lines.find(({ id }) => id === trial) ?? lines.find(({ kind }) => kind !== 'other') ?? lines[0]
  if (bearer) bearer.credits += rest
  return lines
}

const METADATA_MAX = 400

/** What the entry of a grant says of several packs: "500, 2000 × 2". */
export function packsMetadata(packs: readonly { pack: { id: string }; quantity: number }[]): { packs: string } {
  const names = packs.map(({ pack, quantity }) => (quantity > 1 ? `${pack.id} × ${quantity}` : pack.id))
  return { packs: names.join(', ').slice(0, METADATA_MAX) }
}

/** "Credit pack 500", "Credit pack 500 × 2" */
export const packInWords = (id: string, quantity: number): string =>
  `Credit pack ${id}${quantity > 1 ? ` × ${quantity}` : ''}`

/**
 * What was bought beside the plan that a row is about, each thing once: packs, other plans, and what is not ours.
 * @param lines as the row keeps them; none in rows from before they were kept
 * @param planName of the row
 */
export function besides(lines: readonly BoughtLine[] | null | undefined, planName: string | null): string[] {
  const sold = (lines ?? []).filter(isSold)
  const plans = sold.filter(({ kind, name }) => kind === 'plan' && name !== planName)
  const others = sold.filter(({ kind }) => kind === 'other')
  return [...new Set(plans.map(({ name }) => name)), ...packsIn(sold), ...new Set(others.map(({ name }) => name))]
}

const isSold = ({ amount, credits }: BoughtLine): boolean => amount > 0 || credits > 0

/** The packs among what was bought, each with how many: "Credit pack 500 × 2". */
export function packsIn(lines: readonly BoughtLine[]): string[] {
  const packs = new Map<string, number>()
  for (const line of lines.filter(isSold)) {
    if (line.kind === 'pack') packs.set(line.name, (packs.get(line.name) ?? 0) + line.quantity)
  }
  return [...packs].map(([id, quantity]) => packInWords(id, quantity))
}

/** "Daily, monthly + Credit pack 2000" */
export const joined = (parts: readonly string[]): string => parts.join(' + ')

/** What an invoice without a plan is called: "Credit pack 2000", or what Stripe says of it. */
export const nameOfPurchase = (lines: readonly BoughtLine[]): string =>
  joined(besides(lines, null)) || lines[0]?.name || 'Other'

/** The name of a purchase of packs: its credits, or everything that was bought. */
export function purchaseInWords(row: { lines?: readonly BoughtLine[] | null; creditsAdded: number }): string {
  const all = besides(row.lines, null)
  return all.length > 1 ? joined(all) : formatCreditsInWords(row.creditsAdded)
}
