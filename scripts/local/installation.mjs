/** The parts of a local installation, each started unless one is configured. */
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { brand } from '../../app/brand.mjs'
import { startLocalEngine } from './engine.mjs'
import { sharedEnvironment } from './environment.mjs'
import { LockHeld, takeLock } from './lock.mjs'
import { choosePort } from './ports.mjs'
import { processId, waitForEnd } from './processes.mjs'
import { startSandbox } from './services.mjs'
import { say, step } from './terminal.mjs'

const DEFAULT_SANDBOX_PORT = 4242
const STOP_MS = 30_000

/**
 * Locks the data folder. Waits for a predecessor that is stopping, and for the children of a killed one.
 * @param {string} folder
 * @param {string} command
 * @param {{ ends: ReturnType<typeof import('./shutdown.mjs').stack>, url?: string }} options
 */
export async function takeFolder(folder, command, { ends, url }) {
  const lock = await waitForLock(folder, command)
  ends.atOnce(() => lock.update({ phase: 'stopping' }))
  ends.onEnd(() => lock.release())
  lock.update({ phase: 'starting', url })
  if (lock.orphans.length > 0) {
    const names = lock.orphans.map((orphan) => orphan.name).join(', ')
    await step('Clean up', async () => {
      await waitForEnd(lock.orphans, { patienceMs: STOP_MS })
      return { note: `stopped what a killed run had left running: ${names}` }
    })
  }
  const children = []
  return {
    ...lock,
    /** Recorded so that a successor knows them if this process is killed. */
    addChild(name, pid) {
      children.push({ name, ...processId(pid) })
      lock.update({ children })
    },
  }
}

async function waitForLock(folder, command) {
  for (const deadline = Date.now() + STOP_MS; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
    try {
      return takeLock(folder, { command })
    } catch (error) {
      const isStopping = error instanceof LockHeld && error.holder.phase === 'stopping'
      if (!isStopping || Date.now() > deadline) throw error
    }
  }
}

/**
 * The message and exit code when the folder is taken: it is no failure if the requested installation already runs.
 * @param {unknown} error
 * @param {{ port?: string }} [wanted]
 */
export function explainHeld(error, { port } = {}) {
  if (!(error instanceof LockHeld)) return null
  const { url, phase, command, pid } = error.holder
  const state =
    { starting: 'already starting', running: 'already running', stopping: 'still stopping' }[phase] ?? 'running'
  const lines = [
    `${brand.name} is ${state}${url ? ` at ${url}` : ''} (${command}, process ${pid}). Nothing was started.`,
    'To run a second installation, give it its own folder and ports:',
    '  SCRIP_DATA=.scrip-2 PORT=3001 SANDBOX_PORT=4243 npm start',
  ]
  const isWanted = url && phase !== 'stopping' && (!port || new URL(url).port === port)
  return { text: lines.join('\n'), exitCode: isWanted ? 0 : 1 }
}

/** Starts MongoDB unless MONGODB_URI is set. */
export async function provideDatabase(folder, { lock, ends }) {
  const given = process.env.MONGODB_URI
  if (given) {
    await step('MongoDB', async () => ({ note: 'the one of MONGODB_URI' }))
    return given
  }
  const engine = await step('MongoDB', async () => {
    const started = await startLocalEngine(folder)
    return { note: `${started.description} at port ${started.port}`, result: started }
  })
  lock.addChild('MongoDB', engine.pid)
  lock.update({ mongodbUri: engine.uri })
  ends.onEnd(() => engine.stop())
  engine.onExit((code) => diedAlone(ends, `MongoDB exited unexpectedly (exit code ${code}).`))
  return engine.uri
}

/** Starts the Stripe sandbox. */
export async function provideSandbox(folder, { lock, ends, appUrl, startsBehind, onLine }) {
  const port = await choosePort({
    variable: 'SANDBOX_PORT',
    fallback: DEFAULT_SANDBOX_PORT,
    given: process.env.SANDBOX_PORT,
  })
  const sandbox = await step('Stripe', async () => {
    const environment = sharedEnvironment(folder)
    const started = await startSandbox({
      port,
      environment,
      appUrl,
      logFolder: logFolder(folder),
      startsBehind,
      onLine,
    })
    return { note: `sandbox at ${started.url}`, result: started }
  })
  lock.addChild('the Stripe sandbox', sandbox.pid)
  lock.update({ sandboxUrl: sandbox.url })
  ends.onEnd(() => sandbox.stop())
  void sandbox.exited.then(() =>
    diedAlone(ends, `The Stripe sandbox exited unexpectedly.\n${sandbox.lines.slice(-10).join('\n')}`),
  )
  return sandbox.url
}

/** Stops everything when a part exits unexpectedly. */
export function diedAlone(ends, what) {
  if (ends.isEnding) return
  say(`\n${what}\nStopping the rest.`)
  void ends.end(1)
}

/** The folder of the logs; those of the last run are kept beside them. */
export function logFolder(folder) {
  return path.join(folder, 'logs')
}

/** @param {string} folder */
export function turnLogs(folder) {
  mkdirSync(logFolder(folder), { recursive: true })
  for (const name of ['app', 'sandbox']) {
    const file = path.join(logFolder(folder), `${name}.log`)
    rmSync(`${file}.1`, { force: true })
    try {
      renameSync(file, `${file}.1`)
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
  }
}
