import type { StripeCreditNote } from '../stripe/objects/credit-note.ts'

/** Money for a line of the invoice, in minor units. */
export interface LineMoney {
  id: string
  amount: number
}

/** A credit note's money by the way it went, and for which lines of the invoice. */
interface NoteParts {
  /** Taken off what was still to be paid. */
  waived: LineMoney[]
  /** By refund. */
  refunds: Map<string, LineMoney[]>
  /** To the customer's balance, or by means that Stripe does not see. */
  credited: LineMoney[]
}

/**
 * Says for which lines each part of a credit note's money is. Stripe names lines for the whole note only, so that the
 * parts take them in turn; together they are what the note says. Money of a note without lines is for none.
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

/** The money of all credit notes of an invoice that is known to be for a line. */
export interface NamedMoney {
  waived: LineMoney[]
  /** By the refund's id. */
  refunds: Map<string, LineMoney[]>
  /** By the credit note's id. */
  credited: Map<string, LineMoney[]>
}

/** Puts together what an invoice's credit notes say; several of them can be about one refund. */
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

/** What the lines say, made to add up to the note's amount. */
function scaled({ lines, amount }: StripeCreditNote): { id: string | null; amount: number }[] {
  const total = lines.reduce((sum, { net }) => sum + net, 0)
  if (total <= 0 || lines.some(({ net }) => net < 0)) return []
  let before = 0
  return lines.map(({ lineId: id, net }) => {
    const start = Math.floor((before * amount) / total)
    before += net
    return { id, amount: Math.floor((before * amount) / total) - start }
  })
}
