import type { TopUp } from '#models/top-up.server.ts'
import { findPack, type Pack } from '../plans.ts'

/** What a customer agrees to. Amounts are in minor units of the pack's currency. */
export interface TopUpTerms {
  pack: string
  /** Credits: a balance below it is topped up. */
  below: number
  /** At most so many top-ups in a UTC month. */
  timesMax: number
  /** At most so much money in a UTC month, with tax. */
  amountMax: number
}

type Month = TopUp['month']

/** The count of the month of a moment: the stored one, or a new one. */
export function monthOf({ month }: Pick<TopUp, 'month'>, at: Date): Month {
  const start = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1))
  return month.start.getTime() === start.getTime() ? month : { start, times: 0, amount: 0 }
}

/** When the month after that of a moment begins. */
export const nextMonth = (at: Date): Date => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1))

/**
 * Adds one top-up to a month's count.
 * @param amount in minor units
 * @returns null if it would pass a limit
 */
export function countedIn(month: Month, { timesMax, amountMax }: TopUpTerms, amount: number): Month | null {
  const counted = { ...month, times: month.times + 1, amount: month.amount + amount }
  return counted.times > timesMax || counted.amount > amountMax ? null : counted
}

/** Takes an unpaid top-up off the month in which it was counted. */
export function uncountedIn({ month, open }: Pick<TopUp, 'month' | 'open'>): Month {
  if (!open || open.begunAt < month.start) return month
  return { ...month, times: month.times - 1, amount: month.amount - open.amount }
}

/** The pack on sale, or null if the plan file no longer has it, or sells it in another currency. */
export function packOf({ pack, currency }: Pick<TopUp, 'pack' | 'currency'>): Pack | null {
  const found = findPack(pack)
  return found?.price.currency === currency ? found : null
}
