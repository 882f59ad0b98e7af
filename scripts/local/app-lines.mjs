/** Which lines of the app's log are printed on the terminal: all of them in development, otherwise errors. */
import { brand } from '../../app/brand.mjs'
import { dim, red, say } from './terminal.mjs'

const WARNING = 40
const ERROR = 50

/** @param {{ all: boolean }} options */
export function appLines({ all }) {
  let begun = all
  return {
    /** Until this is called, nothing is printed, because a failing start prints its lines itself. */
    begin: () => void (begun = true),
    /** @param {string} line */
    line(line) {
      if (!begun || line.startsWith(`${brand.name} ready at`)) return
      const entry = parse(line)
      if (!entry) return say(dim(`  app  ${line}`))
      if (!all && entry.level < WARNING) return
      const text = [entry.msg, entry.err?.message].filter(Boolean).join(': ')
      const request = entry.level >= WARNING && entry.requestId ? dim(` (request ${entry.requestId})`) : ''
      say(`  app  ${entry.level >= ERROR ? red(text) : text}${request}`)
    },
  }
}

function parse(line) {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
