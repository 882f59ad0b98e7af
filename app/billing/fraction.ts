/** An exact fraction; `under` is above zero. */
export interface Fraction {
  over: bigint
  under: bigint
}

export const NOTHING: Fraction = { over: 0n, under: 1n }

export const add = (one: Fraction, other: Fraction): Fraction => ({
  over: one.over * other.under + other.over * one.under,
  under: one.under * other.under,
})

export const times = (one: Fraction, other: Fraction): Fraction => ({
  over: one.over * other.over,
  under: one.under * other.under,
})

/** The whole part: what is dropped is dropped toward zero, on both sides of it. */
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
