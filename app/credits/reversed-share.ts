import {
  add,
  compare,
  dividedBy,
  type Fraction,
  minus,
  NOTHING,
  smaller,
  times,
  whole,
  wholePart,
} from '../fraction.ts'
import { sum } from '../sum.ts'

/*
 * How many credits to reverse for money returned. A pure function of the sums, so the order of refunds does not matter.
 * See docs/decisions/0012-which-lines-bear-a-refund.md.
 */

/** Money returned, in minor units, and the purchased parts it is known to be for. */
export interface MoneyClaim {
  amount: number
  parts?: { id: string; amount: number }[]
}

/** A purchased part: what was paid for it, and its weight among the credits. */
export interface SoldPart {
  /** Ids by which claims name it. */
  ids: string[]
  money: number
  credits: number
}

const ONE = whole(1)

/**
 * The credits to reverse, rounded toward zero: each part bears its own refunds and the same share of the rest. What one
 * part cannot bear, the others do.
 * @param claims all money returned of the source
 * @param options `paid`: in all, in minor units, above zero; `parts`: none where it is one whole
 */
export function reversedShare(
  granted: number,
  claims: readonly MoneyClaim[],
  { paid, parts }: { paid: number; parts?: readonly SoldPart[] | null },
): number {
  const total = sum(claims.map(({ amount }) => amount))
  const weight = sum((parts ?? []).map(({ credits }) => credits))
  const money = sum((parts ?? []).map((part) => part.money))
  if (!parts || weight <= 0 || money <= 0) return wholePart(times(whole(granted), shareOf(total, paid)))
  const own = parts.map(({ ids }) => sum(claims.flatMap((claim) => namedIn(claim, ids))))
  const named = sum(own)
  const anywhere = Math.max(0, total - named)
  // In the parts' own amounts, whose sum rounding may have changed.
  const anywhereShare = shareOf(anywhere, paid)
  const goneBack = smaller(whole(money), add(whole(named), times(whole(money), anywhereShare)))
  // A free part bears no money, so it follows the money not assigned to a part.
  const shares = fill(parts, own, goneBack).map((share, index) => (parts[index]?.money ? share : anywhereShare))
  const reversed = parts
    .map(({ credits }, index) => times(whole(credits), shares[index] ?? NOTHING))
    .reduce(add, NOTHING)
  const credits = wholePart(dividedBy(times(whole(granted), reversed), whole(weight)))
  return Math.max(0, Math.min(granted, credits))
}

const namedIn = ({ parts = [] }: MoneyClaim, ids: string[]): number[] =>
  parts.filter(({ id }) => ids.includes(id)).map(({ amount }) => amount)

/** The refunded share of each part: raised equally for all, from its own refunds up to the whole part. */
function fill(parts: readonly SoldPart[], own: number[], goneBack: Fraction): Fraction[] {
  const shares = parts.map(({ money }, index) => (money > 0 ? shareOf(own[index] ?? 0, money) : NOTHING))
  const rooms = parts.map(({ money }, index) => ({ money, room: minus(ONE, shares[index] ?? NOTHING) }))
  const paidFor = rooms.filter(({ money }) => money > 0).sort((a, b) => compare(a.room, b.room))
  let left = minus(goneBack, parts.map(({ money }, index) => times(whole(money), shares[index] ?? NOTHING)).reduce(add))
  let level = NOTHING
  let rest = sum(paidFor.map(({ money }) => money))
  for (const { money, room } of paidFor) {
    const step = smaller(minus(room, level), dividedBy(left, whole(rest)))
    level = add(level, step)
    left = minus(left, times(step, whole(rest)))
    if (compare(level, room) < 0) break
    rest -= money
  }
  return shares.map((share) => smaller(ONE, add(share, level)))
}

/** Never more than all of it. */
const shareOf = (amount: number, of: number): Fraction => smaller(ONE, { over: BigInt(amount), under: BigInt(of) })
