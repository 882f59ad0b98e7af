/** What a figure should reach. */
export type Goal = { atLeast: number } | { atMost: number }

/** One line of a table. */
export interface Line {
  name: string
  /** The figure, with its unit. */
  value: string
  /** What it is compared with, or how it was measured. */
  note?: string
  /** The figure divided by what it is compared with. */
  ratio?: number
  goal?: Goal
  /** The number that the goal is about; the ratio by default. */
  reached?: number
  /** The unit of the goal, where it is not a ratio. */
  unit?: string
}

const NAME_WIDTH = 46
const VALUE_WIDTH = 24
const RATIO_WIDTH = 9

/** Prints lines below a title, in columns. */
export function printTable(title: string, lines: Line[]): void {
  console.log(`\n${title}`)
  for (const line of lines) console.log(toText(line))
}

/** One line of a table as it is printed. */
export function toText({ name, value, note, ratio, goal, reached = ratio, unit = '' }: Line): string {
  const columns = [
    name.padEnd(NAME_WIDTH),
    value.padStart(VALUE_WIDTH),
    (ratio === undefined ? '' : `×${ratio.toFixed(2)}`).padStart(RATIO_WIDTH),
  ]
  const remarks = [note, goal && reached !== undefined && inWords(goal, reached, unit)].filter(Boolean).join('; ')
  return `  ${columns.join('')}  ${remarks}`.trimEnd()
}

function inWords(goal: Goal, reached: number, unit: string): string {
  const isLeast = 'atLeast' in goal
  const limit = isLeast ? goal.atLeast : goal.atMost
  const isMet = isLeast ? reached >= limit : reached <= limit
  return `goal ${isLeast ? '≥' : '≤'} ${limit}${unit}: ${isMet ? 'met' : 'MISSED'}`
}

/** The middle one of some numbers, the upper one of two; 0 for none. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}

/** A number of anything, to be read by people: `12,345`. */
export const count = (value: number): string => Math.round(value).toLocaleString('en-US')

/** Milliseconds with as many digits as they deserve. */
export const milliseconds = (ms: number): string => `${ms < 100 ? ms.toFixed(1) : count(ms)} ms`
