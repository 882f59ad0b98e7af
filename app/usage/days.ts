import { partsOfDate } from '../format.ts'

/** A calendar day as `2026-05-01`, without a zone: the zone is the reader's. */
export type Day = string

const DAY = /^\d{4}-\d{2}-\d{2}$/
const DAY_MS = 86_400_000

const partsIn = partsOfDate<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'>({
  calendar: 'gregory',
  numberingSystem: 'latn',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

/** The calendar day in a zone at a moment. */
export function dayIn(at: Date, timeZone: string): Day {
  const { year, month, day } = partsIn(at, timeZone)
  return `${year}-${month}-${day}`
}

/** How far a zone's clocks are ahead of UTC at a moment. */
function offsetMs(at: Date, timeZone: string): number {
  const { year, month, day, hour, minute, second } = partsIn(at, timeZone)
  const wall = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  return wall - Math.floor(at.getTime() / 1000) * 1000
}

/** What a zone's clocks show at a moment, as spreadsheets read it, and their offset: "UTC+02:00". */
export function wallClock(at: Date, timeZone: string): { time: string; offset: string } {
  const { year, month, day, hour, minute, second } = partsIn(at, timeZone)
  const minutes = Math.round(offsetMs(at, timeZone) / 60_000)
  const twoDigits = (value: number) => String(value).padStart(2, '0')
  const away = Math.abs(minutes)
  return {
    time: `${year}-${month}-${day} ${hour}:${minute}:${second}`,
    offset: `UTC${minutes < 0 ? '-' : '+'}${twoDigits(Math.floor(away / 60))}:${twoDigits(away % 60)}`,
  }
}

/** When a day begins in a zone. Where clocks skip midnight, that is the first moment after the gap. */
export function startOfDay(day: Day, timeZone: string): Date {
  const midnight = utcOf(day)
  // The offsets before and after: on the day of a change only one of them gives the first moment of the day.
  const candidates = [midnight - DAY_MS, midnight + DAY_MS]
    .map((near) => midnight - offsetMs(new Date(near), timeZone))
    .sort((one, other) => one - other)
  const first = candidates.find((at) => dayIn(new Date(at), timeZone) === day)
  return new Date(first ?? candidates.at(-1) ?? midnight)
}

/** A day some days later, or earlier for a negative number. */
export function addDays(day: Day, count: number): Day {
  return new Date(utcOf(day) + count * DAY_MS).toISOString().slice(0, 10)
}

/** The last `count` days up to a day, oldest first. */
export function daysUpTo(last: Day, count: number): Day[] {
  return Array.from({ length: count }, (_, index) => addDays(last, index - count + 1))
}

/** "2026", for days next to days of another year. */
export const yearOf = (day: Day): string => day.slice(0, 4)

/** Returns a day from outside if it exists, else null. */
export function parseDay(text: string): Day | null {
  if (!DAY.test(text)) return null
  const at = utcOf(text)
  return Number.isFinite(at) && new Date(at).toISOString().slice(0, 10) === text ? text : null
}

const utcOf = (day: Day): number => Date.parse(`${day}T00:00:00.000Z`)

/**
 * Finds the days of many moments without formatting each.
 * @param from the first moment
 * @param to a moment after the last
 */
export function dayFinder(from: Date, to: Date, timeZone: string): (at: number) => Day {
  const days: { day: Day; start: number }[] = []
  const last = dayIn(to, timeZone)
  for (let day = dayIn(from, timeZone); day <= last; day = addDays(day, 1)) {
    days.push({ day, start: startOfDay(day, timeZone).getTime() })
  }
  return (at) => {
    let place = Math.min(days.length - 1, Math.max(0, Math.floor((at - days[0]!.start) / DAY_MS)))
    while (place > 0 && days[place]!.start > at) place--
    while (place + 1 < days.length && days[place + 1]!.start <= at) place++
    return days[place]!.day
  }
}
