import { sum } from '../../sum.ts'
import type { StripeCreditNote } from '../stripe/objects/credit-note.ts'

/** Money for a line of the invoice, in minor units. */
export interface LineMoney {
  id: string
  amount: number
}

/** The money of several parts or reversals, in minor units. */
export const moneyOf = (parts: readonly { amount: number }[]): number => sum(parts.map(({ amount }) => amount))

/** A credit note's money by how it was returned, and for which invoice lines. */
interface NoteParts {
  /** Taken off the amount still due. */
  waived: LineMoney[]
  /** By refund. */
  refunds: Map<string, LineMoney[]>
  /** To the customer's balance, or outside of Stripe. */
  credited: LineMoney[]
}

/**
 * Assigns each part of a credit note's money to invoice lines. Stripe names lines for the whole note only, so the parts
 * take them in turn and together add up to the note. Money of a note without lines belongs to none.
 */
function partsOfNote(note: StripeCreditNote): NoteParts {
  const lines = scaled(note)
  const take = (amount: number): LineMoney[] => {
    const taken: LineMoney[] = []
    let left = amount
    for (const line of lines) {
      const part = Math.min(left, line.amount)
      if (part <= 0) continue
      line.amount -= part
      left -= part
      if (line.id !== null) taken.push({ id: line.id, amount: part })
    }
    return taken
  }
  return {
    waived: take(note.amountWaived),
    refunds: new Map(note.refunds.map(({ id, amount }) => [id, take(amount)])),
    credited: take(note.amountCredited),
  }
}

/** Money of all credit notes of an invoice that is assigned to a line. */
export interface NamedMoney {
  waived: LineMoney[]
  /** By the refund's id. */
  refunds: Map<string, LineMoney[]>
  /** By the credit note's id. */
  credited: Map<string, LineMoney[]>
}

/** Combines an invoice's credit notes; several can concern one refund. */
export function moneyNamedBy(notes: readonly StripeCreditNote[]): NamedMoney {
  const named: NamedMoney = { waived: [], refunds: new Map(), credited: new Map() }
  for (const note of notes) {
    const { waived, refunds, credited } = partsOfNote(note)
    named.waived.push(...waived)
    named.credited.set(note.id, credited)
    for (const [id, parts] of refunds) named.refunds.set(id, [...(named.refunds.get(id) ?? []), ...parts])
  }
  return named
}

/** The lines' amounts, scaled to the note's amount. */
function scaled({ lines, amount }: StripeCreditNote): { id: string | null; amount: number }[] {
  const total = sum(lines.map(({ net }) => net))
  if (total <= 0 || lines.some(({ net }) => net < 0)) return []
  let before = 0
  return lines.map(({ lineId: id, net }) => {
    const start = Math.floor((before * amount) / total)
    before += net
    return { id, amount: Math.floor((before * amount) / total) - start }
  })
}
