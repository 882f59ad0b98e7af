/** A long-running child process: started, awaited until it reports that it is ready, and stopped by its id. */
import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { ROOT } from './project.mjs'

const KEPT_LINES = 400
const SHOWN_LINES = 25
const LIFELINE = new URL('lifeline.mjs', import.meta.url).href

/**
 * @typedef {object} ChildOptions
 * @property {string} name  for messages: `The Stripe sandbox`
 * @property {string[]} args  arguments of `node`
 * @property {NodeJS.ProcessEnv} env
 * @property {RegExp} ready
 * @property {number} [readyMs]
 * @property {string} [logFile]
 * @property {(line: string) => void} [onLine]
 */

/** @typedef {{ code: number | null, signal: NodeJS.Signals | null }} End */

/**
 * @typedef {object} Child
 * @property {string} name
 * @property {number} pid
 * @property {string} answer  the match of the first group of `ready`
 * @property {Promise<End>} exited
 * @property {string[]} lines  the last lines of its output, both streams
 * @property {(signal?: NodeJS.Signals) => boolean} kill  SIGKILL by default
 * @property {(patienceMs?: number) => Promise<End>} stop  SIGTERM, then SIGKILL if it does not exit in time
 */

/** The child exited, or was not ready in time; the message has its last output. */
export class ChildFailed extends Error {
  name = 'ChildFailed'
  constructor(name, what, lines) {
    super(`${name} ${what}.${lines.length > 0 ? ` Its last lines:\n${lines.slice(-SHOWN_LINES).join('\n')}` : ''}`)
  }
}

/**
 * Starts `node <args>` in a process group of its own, so that Ctrl-C in the terminal reaches only the parent, which
 * stops its children in the right order. It exits by itself when the parent has exited.
 * @param {ChildOptions} options
 * @returns {Promise<Child>} once a line of its output matches `ready`
 */
export function startChild({ name, args, env, ready, readyMs = 60_000, logFile, onLine }) {
  const child = spawn(process.execPath, ['--import', LIFELINE, ...args], {
    cwd: ROOT,
    env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => {})
  const lines = []
  const log = logFile && createWriteStream(logFile, { flags: 'a', mode: 0o600 })
  let over = false
  const exited = new Promise((resolve) => {
    child.once('close', (code, signal) => {
      over = true
      log?.end()
      resolve({ code, signal })
    })
  })

  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new ChildFailed(name, `was not ready within ${readyMs / 1000} s`, lines))
    }, readyMs)
    child.once('error', reject)
    void exited.then(({ code, signal }) => {
      clearTimeout(late)
      reject(new ChildFailed(name, `ended with ${signal ?? `exit code ${code}`}`, lines))
    })
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (lines.push(line) > KEPT_LINES) lines.shift()
        log?.write(`${line}\n`)
        onLine?.(line)
        const match = ready.exec(line)
        if (!match) return
        clearTimeout(late)
        resolve({ name, pid: child.pid, answer: match[1] ?? '', exited, lines, kill, stop })
      })
    }
  })

  /** @param {NodeJS.Signals} [signal] */
  function kill(signal = 'SIGKILL') {
    return over ? false : child.kill(signal)
  }

  async function stop(patienceMs = 30_000) {
    if (over) return exited
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
    const end = await exited
    clearTimeout(timer)
    return end
  }
}
