/*
 * How credits, money and times are written. Only the server formats, and pages get finished strings: the browser may have other
 * versions of the same tables and then differ by a space.
 */

const MINUS = '\u2212'

/** Currencies whose amounts at Stripe have no minor unit: https://docs.stripe.com/currencies#zero-decimal */
const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '))

/** Currencies whose amounts at Stripe are in thousandths: https://docs.stripe.com/currencies#three-decimal */
const THREE_DECIMAL = new Set('bhd jod kwd omr tnd'.split(' '))

const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0, signDisplay: 'negative' })
const signedIntegers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0, signDisplay: 'exceptZero' })

/** Intl writes a hyphen instead of a minus sign. */
function join(parts: Intl.NumberFormatPart[]): string {
  return parts.map((part) => (part.type === 'minusSign' ? MINUS : part.value)).join('')
}

/** Writes credits with separators, never shortened; `signed` is for ledgers, where a plus sign has a meaning. */
export function formatCredits(credits: number, options: { signed?: boolean } = {}): string {
  return join((options.signed ? signedIntegers : integers).formatToParts(credits))
}

/** Writes credits with their word: "1 credit", "2,000 credits". */
export function formatCreditsInWords(credits: number): string {
  return `${formatCredits(credits)} ${Math.abs(credits) === 1 ? 'credit' : 'credits'}`
}

/** How many digits of an amount are the minor unit, by Stripe's table, which differs from Intl's for the Icelandic króna. */
export function minorDigits(currency: string): 0 | 2 | 3 {
  const code = currency.toLowerCase()
  if (ZERO_DECIMAL.has(code)) return 0
  return THREE_DECIMAL.has(code) ? 3 : 2
}

/**
 * Writes an amount of money.
 * @param amount in minor units of `currency`, as Stripe counts them
 * @param options `short` leaves out a zero fraction ("$18"), for prices only
 */
export function formatMoney(
  amount: number,
  currency: string,
  options: { short?: boolean; signed?: boolean } = {},
): string {
  const digits = minorDigits(currency)
  const value = amount / 10 ** digits
  const fraction = options.short && Number.isInteger(value) ? 0 : digits
  const format = new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency: currency.toUpperCase(),
    minimumFractionDigits: fraction,
    maximumFractionDigits: fraction,
    signDisplay: options.signed ? 'exceptZero' : 'negative',
  })
  return join(format.formatToParts(value))
}

/** Where and when dates are read: a day far from now is written with its year. */
export interface DateContext {
  timeZone: string
  now: Date
}

/**
 * Makes a function that takes a moment apart in a zone. The formats are kept: making one costs more than using it.
 * @param options which parts, and how each is written
 */
export function partsOfDate<Part extends string>(options: Intl.DateTimeFormatOptions) {
  const formats = new Map<string, Intl.DateTimeFormat>()
  return (date: Date, timeZone: string): Record<Part, string> => {
    const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en-US', { ...options, timeZone })
    formats.set(timeZone, format)
    return Object.fromEntries(format.formatToParts(date).map((part) => [part.type, part.value])) as Record<Part, string>
  }
}

const fieldsOf = partsOfDate<'weekday' | 'day' | 'month' | 'year' | 'hour' | 'minute' | 'timeZoneName'>({
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
})

/** The American tables name only American zones, the British ones only European zones: tries both before an offset. */
function zoneName(date: Date, timeZone: string, american: string): string {
  if (!/^GMT[+-]/.test(american)) return american
  const british = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'short' })
    .formatToParts(date)
    .find((part) => part.type === 'timeZoneName')
  return (british?.value ?? american).replace('-', MINUS)
}

/** "3 May 2026" */
export function formatDate(date: Date, timeZone: string): string {
  const { day, month, year } = fieldsOf(date, timeZone)
  return `${day} ${month} ${year}`
}

const NEAR_MS = 300 * 24 * 60 * 60 * 1000

/**
 * "3 May": a day without its year.
 * @param reference a day many months away from it gets its year, because "1 Jun" would mislead
 */
export function formatDay(date: Date, timeZone: string, reference?: Date): string {
  if (reference && Math.abs(date.getTime() - reference.getTime()) > NEAR_MS) return formatDate(date, timeZone)
  const { day, month } = fieldsOf(date, timeZone)
  return `${day} ${month}`
}

/** "Tue 21 Apr"; "Tue 21 Apr 2026" where the days around it are in two years. */
export function formatWeekday(date: Date, timeZone: string, options: { year?: boolean } = {}): string {
  const { weekday, day, month, year } = fieldsOf(date, timeZone)
  return options.year ? `${weekday} ${day} ${month} ${year}` : `${weekday} ${day} ${month}`
}

/** "14:00 CEST" */
export function formatHour(date: Date, timeZone: string): string {
  const { hour, minute, timeZoneName } = fieldsOf(date, timeZone)
  return `${hour}:${minute} ${zoneName(date, timeZone, timeZoneName)}`
}

/** "6 May, 14:00 CEST": a time always has its zone. */
export function formatDateTime(date: Date, timeZone: string, reference?: Date): string {
  return `${formatDay(date, timeZone, reference)}, ${formatHour(date, timeZone)}`
}

/** Whether the runtime knows a zone, for zones from a form. */
export function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    return true
  } catch {
    return false
  }
}
