/** Stops what was started, once and in reverse order, whatever the cause. */
import { isShell, parentOf } from './processes.mjs'
import { say } from './terminal.mjs'

const PARENT_CHECK_MS = 1_000
const FORCE_AFTER_SIGNALS = 3

/** @param {{ name: string }} options */
export function stack({ name }) {
  /** @type {(() => unknown)[]} */
  const undo = []
  /** @type {(() => void)[]} */
  const first = []
  let ending = null
  let signals = 0

  const onSignal = () => {
    signals += 1
    if (signals >= FORCE_AFTER_SIGNALS) process.exit(130)
    if (signals === 2) say('  Still stopping. Press Ctrl-C again to force it.')
    void end(0, `\nStopping ${name} …`)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, onSignal)
  followNpm(() => void end(1, ''))

  return {
    /** @param {() => unknown} work  to do at the end, before everything that was added earlier */
    onEnd: (work) => void undo.push(work),
    /** @param {() => void} work  to do the moment that stopping begins */
    atOnce: (work) => void first.push(work),
    end,
    get isEnding() {
      return ending !== null
    },
  }

  /** @param {number} code @param {string} [words] */
  function end(code, words) {
    ending ??= finish(code, words)
    return ending
  }

  async function finish(code, words) {
    if (words) say(words)
    for (const work of first) work()
    for (const work of undo.reverse()) {
      try {
        await work()
      } catch (error) {
        console.error(error)
      }
    }
    if (words) say('Stopped. All data is kept.')
    process.exit(code)
  }
}

/** Stops when npm was killed, which would otherwise leave everything running on its ports. */
function followNpm(onGone) {
  if (!process.env.npm_lifecycle_event) return
  const parent = process.ppid
  // npm runs its scripts through a shell, and not every shell replaces itself with the last command.
  const npm = isShell(parent) ? parentOf(parent) : null
  const isGone = () => process.ppid !== parent || (npm !== null && parentOf(parent) !== npm)
  setInterval(() => isGone() && onGone(), PARENT_CHECK_MS).unref()
}
