/* Exact fractions for the truth, independent of those of the app. The denominator is positive. */

export type Ratio = readonly [over: bigint, under: bigint]

export const ratio = (over: number, under = 1): Ratio =>
  under < 0 ? [BigInt(-over), BigInt(-under)] : [BigInt(over), BigInt(under)]

export const plus = (...all: Ratio[]): Ratio =>
  all.reduce(([over, under], [more, of]) => [over * of + more * under, under * of], [0n, 1n] as Ratio)

export const product = (...all: Ratio[]): Ratio =>
  all.reduce(([over, under], [by, of]) => [over * by, under * of], [1n, 1n] as Ratio)

export const negative = ([over, under]: Ratio): Ratio => [-over, under]

/** @param by not zero */
export const over = (one: Ratio, [by, of]: Ratio): Ratio => product(one, by < 0n ? [-of, -by] : [of, by])

export const isAtLeast = ([over, under]: Ratio, [other, of]: Ratio): boolean => over * of >= other * under

export const least = (one: Ratio, other: Ratio): Ratio => (isAtLeast(one, other) ? other : one)

/** Toward zero. */
export const wholeOf = ([over, under]: Ratio): number => Number(over / under)
