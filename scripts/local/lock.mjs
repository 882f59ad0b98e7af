/**
 * One installation at a time uses a data folder. The lock is a file that names its holder; a killed holder
 * cannot remove it, so the lock counts only while that process runs.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isRunning, processId } from './processes.mjs'

const ATTEMPTS = 50
const PAUSE_MS = 20

/**
 * @typedef {object} Holder
 * @property {number} pid
 * @property {string | null} started
 * @property {string} command  the command of the holder: `npm start`
 * @property {'starting' | 'running' | 'stopping'} [phase]
 * @property {string} [url]  the address of the app
 * @property {string} [sandboxUrl]
 * @property {string} [mongodbUri]
 * @property {{ name: string, pid: number, started: string | null }[]} children
 */

/** The folder is locked by a running process. */
export class LockHeld extends Error {
  name = 'LockHeld'
  /** @param {Holder} holder */
  constructor(holder) {
    super(`taken by ${holder.command}, process ${holder.pid}`)
    this.holder = holder
  }
}

/**
 * Takes the lock, also from a dead holder.
 * @param {string} folder
 * @param {{ command: string }} options
 * @returns {{ update(change: Partial<Holder>): void, release(): void, orphans: Holder['children'] }} `orphans` are what
 *   a dead holder had started, which may still be running
 * @throws {LockHeld}
 */
export function takeLock(folder, { command }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = lockFile(folder)
  let mine = { ...processId(), command, children: [] }
  const draft = `${file}.${process.pid}`
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    writeFileSync(draft, JSON.stringify(mine, null, 2), { mode: 0o600 })
    try {
      if (create(draft, file)) return held([])
      const holder = read(file)
      if (holder && isRunning(holder)) throw new LockHeld(holder)
      if (holder && takeOver(file, draft, holder)) return held(holder.children ?? [])
    } finally {
      rmSync(draft, { force: true })
    }
    pause()
  }
  throw new Error(`${file} changes too often; is another installation starting again and again?`)

  function held(orphans) {
    return {
      orphans: orphans.filter(isRunning),
      update(change) {
        mine = { ...mine, ...change }
        writeFileSync(draft, JSON.stringify(mine, null, 2), { mode: 0o600 })
        renameSync(draft, file)
      },
      release() {
        if (isMe(read(file))) rmSync(file, { force: true })
      },
    }
  }
}

/**
 * @param {string} folder
 * @returns {Holder | null} the current holder
 */
export function lockHolder(folder) {
  const holder = read(lockFile(folder))
  return holder && isRunning(holder) ? holder : null
}

/** A link fails if its name exists, and shows the whole file or none of it. */
function create(draft, file) {
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

/** Of several processes that find the same dead holder, only the one that creates the token may replace the file. */
function takeOver(file, draft, dead) {
  const token = `${file}.after-${dead.pid}`
  try {
    writeFileSync(token, JSON.stringify(processId()), { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    const owner = read(token)
    if (owner && !isRunning(owner)) rmSync(token, { force: true })
    return false
  }
  try {
    const now = read(file)
    if (now?.pid !== dead.pid || now.started !== dead.started) return false
    renameSync(draft, file)
    return true
  } finally {
    rmSync(token, { force: true })
  }
}

function isMe(holder) {
  const me = processId()
  return holder?.pid === me.pid && holder.started === me.started
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return null
    // An unreadable file counts as dead, because a full disk may have left it empty.
    if (error instanceof SyntaxError) return { pid: 0, started: 'never' }
    throw error
  }
}

function lockFile(folder) {
  return path.join(folder, 'lock.json')
}

/** Blocks for a moment, because a takeover by another process finishes within microseconds. */
function pause() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
}
