import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { isRunning, processId } from '../../../scripts/local/processes.mjs'
import type { Changes } from './store.ts'

type ProcessId = ReturnType<typeof processId>

/** How long a killed predecessor may take to exit. */
const LAST_BREATH_MS = 5000

/**
 * The sandbox's state on disk: one line of JSON per unit of work, so that a process killed during a request keeps
 * all of its changes or none. At start the journal is compacted to the current rows.
 */
export class Journal {
  readonly #path: string
  readonly #lock: string
  #file: number | null = null

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true })
    this.#path = join(folder, 'stripe-sandbox.jsonl')
    this.#lock = join(folder, 'stripe-sandbox.pid')
    const holder = readHolder(this.#lock)
    if (holder && holder.pid !== process.pid && !endsWithin(holder, LAST_BREATH_MS))
      throw new Error(
        `Another Stripe sandbox (process ${holder.pid}) is using ${folder}. Stop it, or give this one its own SCRIP_DATA.`,
      )
    writeFileSync(this.#lock, JSON.stringify(processId(process.pid)))
  }

  *lines(): Generator<Changes> {
    if (!existsSync(this.#path)) return
    const lines = readFileSync(this.#path, 'utf8').split('\n')
    // After the last line break may be a line that a crash cut off; its request was never answered.
    lines.pop()
    for (const line of lines) yield JSON.parse(line) as Changes
  }

  /** Writes the current rows to a new file and appends to it from then on. */
  compact(everything: Changes): void {
    const fresh = `${this.#path}.new`
    const file = openSync(fresh, 'w')
    for (const [name, rows] of Object.entries(everything.rows))
      for (const row of rows) writeSync(file, line({ rows: { [name]: [row] }, gone: {} }))
    fsyncSync(file)
    closeSync(file)
    renameSync(fresh, this.#path)
    this.#file = openSync(this.#path, 'a')
  }

  append(changes: Changes): void {
    if (this.#file !== null) writeSync(this.#file, line(changes))
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
    rmSync(this.#lock, { force: true })
  }
}

function line(changes: Changes): string {
  return `${JSON.stringify(changes)}\n`
}

function readHolder(lock: string): ProcessId | null {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as ProcessId
  } catch {
    // The file is missing, or its writer was killed while writing it.
    return null
  }
}

/** Waits synchronously for a killed process to exit. */
function endsWithin(holder: ProcessId, milliseconds: number): boolean {
  const deadline = Date.now() + milliseconds
  while (isRunning(holder)) {
    if (Date.now() > deadline) return false
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
  }
  return true
}
