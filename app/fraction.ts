/** An exact fraction; `under` is above zero. */
export interface Fraction {
  over: bigint
  under: bigint
}

export const NOTHING: Fraction = { over: 0n, under: 1n }

export const add = (one: Fraction, other: Fraction): Fraction =>
  reduced(one.over * other.under + other.over * one.under, one.under * other.under)

export const times = (one: Fraction, other: Fraction): Fraction =>
  reduced(one.over * other.over, one.under * other.under)

/** Without this, the sum of many fractions would grow without limit. */
function reduced(over: bigint, under: bigint): Fraction {
  let [divisor, rest] = [under, over < 0n ? -over : over]
  while (rest > 0n) [divisor, rest] = [rest, divisor % rest]
  return { over: over / divisor, under: under / divisor }
}

export const minus = (one: Fraction, other: Fraction): Fraction => add(one, { over: -other.over, under: other.under })

/** @param other above zero */
export const dividedBy = (one: Fraction, other: Fraction): Fraction =>
  times(one, { over: other.under, under: other.over })

/** Negative, zero or positive, as for sorting. */
export const compare = (one: Fraction, other: Fraction): number => {
  const difference = minus(one, other).over
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

export const smaller = (one: Fraction, other: Fraction): Fraction => (compare(one, other) <= 0 ? one : other)

/** The whole part, rounded toward zero. */
export const wholePart = ({ over, under }: Fraction): number => Number(over / under)

/** A whole number as a fraction. */
export const whole = (value: number): Fraction => ({ over: BigInt(value), under: 1n })

/**
 * Reads a decimal, as Stripe writes amounts below a cent.
 * @returns null for anything else
 */
export function parseDecimal(value: string | null): Fraction | null {
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(value ?? '')
  if (!match) return null
  const fraction = match[2] ?? ''
  return { over: BigInt(`${match[1]}${fraction}`), under: 10n ** BigInt(fraction.length) }
}
