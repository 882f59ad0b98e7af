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

/*
 * How many credits go back with money. Pure, and a function of the sums alone, so that the order in which money goes back
 * does not matter. See docs/decisions/0012-which-lines-bear-a-refund.md.
 */

/** Money that went back, in minor units, and which parts of what was bought it was for, where that is known. */
export interface MoneyClaim {
  amount: number
  parts?: { id: string; amount: number }[]
}

/** A part of what was bought: what was paid for it, and its weight among the credits. */
export interface SoldPart {
  /** Ids by which claims name it. */
  ids: string[]
  money: number
  credits: number
}

const ONE = whole(1)

/**
 * The credits that are to stand reversed, rounded toward zero: each part bears what was given back for it and the same
 * share of the rest. What a part cannot bear any more, the others do.
 * @param granted what the source granted
 * @param claims all money that went back of it
 * @param paid what was paid in all, in minor units; above zero
 * @param parts none where it is one whole
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
  // In the parts' own money, which rounding may have made another sum than what was paid.
  const anywhereShare = shareOf(anywhere, paid)
  const goneBack = smaller(whole(money), add(whole(named), times(whole(money), anywhereShare)))
  // A part that cost nothing bears no money, so it follows what went back for no part of its own.
  const shares = fill(parts, own, goneBack).map((share, index) => (parts[index]?.money ? share : anywhereShare))
  const reversed = parts
    .map(({ credits }, index) => times(whole(credits), shares[index] ?? NOTHING))
    .reduce(add, NOTHING)
  const credits = wholePart(dividedBy(times(whole(granted), reversed), whole(weight)))
  return Math.max(0, Math.min(granted, credits))
}

const namedIn = ({ parts = [] }: MoneyClaim, ids: string[]): number[] =>
  parts.filter(({ id }) => ids.includes(id)).map(({ amount }) => amount)

/** The share of each part that went back: raised alike for all, from what was given back for it alone, up to all of it. */
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

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)
