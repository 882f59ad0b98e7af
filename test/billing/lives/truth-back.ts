import type Stripe from 'stripe'
import type { StripeForTests } from '../stripe.ts'
import { isAtLeast, least, negative, over, plus, product, type Ratio, ratio, wholeOf } from './ratio.ts'
import { isTrial, type TrueLine } from './truth-lines.ts'

/*
 * The refunded money of a purchase, and its reversed credits, by docs/decisions/0012: each line bears what was
 * refunded for it plus the common share of the rest, up to its amount. Found by trying which lines are full.
 */

/** All money refunded of one purchase. */
export interface GoneBack {
  /** By refunds and credit notes. */
  refunded: number
  /** By disputes that are open or lost. */
  disputed: number
  /** The parts of both for which credit notes name lines. */
  named: Map<string, number>
  gone: 'disputed' | 'dispute_lost' | 'refunded' | 'partially_refunded' | null
  openDisputes: string[]
}

/** @param notes the invoice's credit notes; none for a pack that was bought on a page */
export async function moneyBack(
  { stripe }: StripeForTests,
  charges: Stripe.Charge[],
  { paid, notes }: { paid: number; notes: Stripe.CreditNote[] },
): Promise<GoneBack> {
  const refunds: Stripe.Refund[] = []
  const disputes: Stripe.Dispute[] = []
  for (const { id: charge } of charges) {
    refunds.push(...(await stripe.refunds.list({ charge, limit: 100 })).data)
    disputes.push(...(await stripe.disputes.list({ charge, limit: 100 })).data)
  }
  const stands = refunds.filter(({ status }) => status === 'succeeded')
  const named = new Map<string, number>()
  let credited = 0
  for (const note of notes) {
    const parts = partsOf(note)
    credited += parts.credited.amount
    const counting = parts.refunds.filter(({ refund }) => stands.some(({ id }) => id === refund))
    for (const { lines } of [parts.credited, ...counting])
      for (const [line, amount] of lines) named.set(line, (named.get(line) ?? 0) + amount)
  }
  const isOpen = ({ status }: Stripe.Dispute) => status === 'needs_response' || status === 'under_review'
  const away = disputes.filter((dispute) => isOpen(dispute) || dispute.status === 'lost')
  const refunded = sum(stands) + credited
  return {
    refunded,
    disputed: sum(away),
    named,
    gone: away.some(isOpen)
      ? 'disputed'
      : away.length > 0
        ? 'dispute_lost'
        : refunded === 0
          ? null
          : refunded >= paid
            ? 'refunded'
            : 'partially_refunded',
    openDisputes: away.filter(isOpen).map(({ id }) => id),
  }
}

/** The money of a note, line after line, is assigned to its destinations in Stripe's order. */
function partsOf(note: Stripe.CreditNote) {
  let place = 0
  const spans = note.lines.data.map((line) => {
    const taxes = (line.taxes ?? []).filter(({ tax_behavior: how }) => how === 'exclusive')
    const net = line.amount - line.discount_amount + sum(taxes)
    place += net
    return { line: line.invoice_line_item ?? null, start: place - net, end: place }
  })
  if (spans.length > 0 && place !== note.amount) throw new Error(`${note.id} is not the sum of its lines`)
  let at = 0
  const take = (amount: number): Map<string, number> => {
    const [from, to] = [at, at + amount]
    at = to
    const parts = spans.map(({ line, start, end }) => [line, Math.min(end, to) - Math.max(start, from)] as const)
    return new Map(parts.filter((part): part is readonly [string, number] => part[0] !== null && part[1] > 0))
  }
  const waived = take(note.pre_payment_amount)
  const refunds = note.refunds.map(({ refund, amount_refunded: amount }) => ({
    refund: refund as string,
    lines: take(amount),
  }))
  const amount = note.post_payment_amount - note.refunds.reduce((all, one) => all + one.amount_refunded, 0)
  return { waived, refunds, credited: { amount, lines: take(amount) } }
}

/** What bears refunds by itself: lines, together with the credits for unused time of the same item. */
export interface Bearer {
  lines: string[]
  money: number
  credits: number
}

/**
 * @param creditsAdded what the invoice granted in total: a trial's credits belong to its line
 * @returns null if the invoice is treated as a whole
 */
export function bearersOf(lines: TrueLine[], waived: Map<string, number>, creditsAdded: number): Bearer[] | null {
  if (lines.length < 2) return null
  const credits = new Map(lines.map((line) => [line.id, line.credits]))
  const rest = creditsAdded - lines.reduce((all, line) => all + line.credits, 0)
  const bearsRest =
    lines.find((line) => isTrial(line) && line.plan?.trial?.credits) ??
    lines.find(({ plan, pack }) => plan || pack) ??
    lines[0]!
  credits.set(bearsRest.id, credits.get(bearsRest.id)! + rest)
  const groups: TrueLine[][] = []
  for (const line of lines) {
    const isShared = line.item !== null && lines.some(({ item, amount }) => item === line.item && amount < 0)
    const group = isShared ? groups.find(([one]) => one!.item === line.item) : undefined
    if (group) group.push(line)
    else groups.push([line])
  }
  const bearers = groups.map((group) => ({
    lines: group.map(({ id }) => id),
    money: group.reduce((all, { id, net }) => all + net - (waived.get(id) ?? 0), 0),
    credits: group.reduce((all, { id }) => all + credits.get(id)!, 0),
  }))
  if (bearers.some(({ money, credits }) => money < 0 || credits < 0)) return null
  const counting = bearers.filter(({ money, credits }) => money > 0 || credits > 0)
  return counting.length < 2 ? null : counting
}

/** Money by which notes reduced lines before the invoice was paid. */
export function waivedBy(notes: Stripe.CreditNote[]): Map<string, number> {
  const waived = new Map<string, number>()
  for (const note of notes)
    for (const [line, amount] of partsOf(note).waived) waived.set(line, (waived.get(line) ?? 0) + amount)
  return waived
}

/** Credits currently reversed, rounded toward zero. */
export function creditsBack(
  granted: number,
  { refunded, disputed, named }: GoneBack,
  { paid, bearers }: { paid: number; bearers: Bearer[] | null },
): number {
  const total = refunded + disputed
  if (granted <= 0 || total === 0 || paid <= 0) return 0
  const one = ratio(1)
  const whole = wholeOf(product(ratio(granted), least(one, ratio(total, paid))))
  const money = sumOf(bearers ?? [], ({ money }) => money)
  const weight = sumOf(bearers ?? [], ({ credits }) => credits)
  if (!bearers || money <= 0 || weight <= 0) return whole
  const ofLines = bearers.map(({ lines }) => sumOf(lines, (line) => named.get(line) ?? 0))
  const forLines = sumOf(ofLines, (amount) => amount)
  const common = least(one, ratio(Math.max(0, total - forLines), paid))
  const paying = bearers.map((bearer, index) => ({ ...bearer, own: ofLines[index]! })).filter((one) => one.money > 0)
  const target = least(ratio(money), plus(ratio(forLines), product(ratio(money), common)))
  const shares = fullness(paying, target)
  const ofFree = bearers.filter((bearer) => bearer.money === 0).map(({ credits }) => product(ratio(credits), common))
  const ofPaying = paying.map(({ credits }, index) => product(ratio(credits), shares[index]!))
  return wholeOf(over(product(ratio(granted), plus(...ofFree, ...ofPaying)), ratio(weight)))
}

/** The refunded share of each: its own, raised equally for all, none above its full amount, all together the target. */
function fullness(all: { money: number; own: number }[], target: Ratio): Ratio[] {
  const one = ratio(1)
  const own = all.map(({ money, own }) => least(one, ratio(own, money)))
  for (let full = 0; full < 1 << all.length; full++) {
    const isFull = (index: number) => ((full >> index) & 1) === 1
    const taken = plus(...all.map(({ money }, index) => product(ratio(money), isFull(index) ? one : own[index]!)))
    const rest = sumOf(
      all.map(({ money }, index) => (isFull(index) ? 0 : money)),
      (money) => money,
    )
    const left = plus(target, negative(taken))
    if (rest === 0) return own.map(() => one)
    const level = over(left, ratio(rest))
    const raised = own.map((share) => plus(share, level))
    if (!isAtLeast(level, ratio(0))) continue
    if (raised.every((share, index) => (isFull(index) ? isAtLeast(share, one) : isAtLeast(one, share))))
      return raised.map((share) => least(one, share))
  }
  throw new Error('No shares fit the refund')
}

const sum = (all: { amount: number }[]): number => sumOf(all, ({ amount }) => amount)
const sumOf = <T>(all: T[], of: (one: T) => number): number => all.reduce((total, one) => total + of(one), 0)
