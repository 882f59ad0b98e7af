/** The output during a start: one line per step, with the time it took. */
import { performance } from 'node:perf_hooks'
import { styleText } from 'node:util'
import { brand } from '../../app/brand.mjs'

const colors = process.stdout.isTTY && !process.env.NO_COLOR
const paint = (style, text) => (colors ? styleText(style, text) : text)

export const bold = (text) => paint('bold', text)
export const dim = (text) => paint('dim', text)
export const red = (text) => paint('red', text)

/** @param {string} [line] */
export function say(line = '') {
  console.log(line)
}

/** @param {number} ms */
export function seconds(ms) {
  return ms < 100 ? '0.1 s' : `${(ms / 1000).toFixed(1)} s`
}

/**
 * Runs one step and prints its result.
 * @template T
 * @param {string} title
 * @param {() => Promise<T | { note: string, result?: T }>} work  the `note` it returns is printed
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const start = performance.now()
  try {
    const answer = await work()
    const note = answer && typeof answer === 'object' && 'note' in answer ? answer : null
    say(`  ${title.padEnd(12)} ${note?.note ?? 'done'} ${dim(`(${seconds(performance.now() - start)})`)}`)
    return note ? note.result : answer
  } catch (error) {
    say(`  ${title.padEnd(12)} ${red('failed')} ${dim(`(${seconds(performance.now() - start)})`)}`)
    throw error
  }
}

/** Prints an error: only its message if it was expected, otherwise with its stack. */
export function complain(error) {
  const planned = ['Refusal', 'EngineUnavailable', 'ChildFailed'].includes(error?.name)
  console.error(`\n${red(`${brand.name} could not start.`)} ${planned ? error.message : (error?.stack ?? error)}\n`)
}
