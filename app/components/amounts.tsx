import { formatCredits, formatMoney } from '#app/format.ts'
import { classNames } from './class-names.ts'

/** Credits in a column. What comes is green and says so by its sign; what goes is ink. */
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

/** A moment that a machine can read too; the words are the server's. */
export function Time({ at, children }: { at: string; children: string }) {
  return (
    <time dateTime={at} className="whitespace-nowrap">
      {children}
    </time>
  )
}
