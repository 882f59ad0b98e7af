import { formatCredits, formatMoney } from '#app/format.ts'
import { classNames } from './class-names.ts'

/** Credits in a column. With `signed`, additions are green and have a plus sign. */
export function Credits({ value, signed = false }: { value: number; signed?: boolean }) {
  return (
    <span
      className={classNames(
        'whitespace-nowrap',
        signed && value > 0 && 'text-credit',
        value < 0 && !signed && 'text-debt',
      )}
    >
      {signed && value < 0 ? <span className="sr-only">minus </span> : null}
      {formatCredits(value, { signed })}
      {signed ? <span className="sr-only"> credits</span> : null}
    </span>
  )
}

/** Money; `amount` in minor units of `currency`. */
export function Money({ amount, currency, short }: { amount: number; currency: string; short?: boolean }) {
  return <span className="whitespace-nowrap">{formatMoney(amount, currency, { short })}</span>
}

/** A time that machines can read too; the server has put it into words. */
export function Time({ at, children }: { at: string; children: string }) {
  return (
    <time dateTime={at} className="whitespace-nowrap">
      {children}
    </time>
  )
}
