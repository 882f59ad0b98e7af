/** Process identity: ids are reused, so a process is identified by its id and its start time. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * @typedef {{ pid: number, started: string | null }} ProcessId
 */

/**
 * @param {number} [pid]
 * @returns {ProcessId}
 */
export function processId(pid = process.pid) {
  return { pid, started: startTime(pid) }
}

/**
 * True while this very process runs, not another one that got its id.
 * @param {ProcessId} id
 */
export function isRunning({ pid, started }) {
  if (pid === 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    if (error.code !== 'EPERM') return false
  }
  return startTime(pid) === started
}

/**
 * @param {number} pid
 * @returns {number | null} the parent process; null if the system does not tell
 */
export function parentOf(pid) {
  try {
    if (process.platform === 'linux') return Number(statFields(pid)[1])
    if (process.platform === 'win32') return null
    return Number(ps('ppid', pid)) || null
  } catch {
    return null
  }
}

/** @param {number} pid */
export function isShell(pid) {
  try {
    const name = process.platform === 'linux' ? readFileSync(`/proc/${pid}/comm`, 'utf8').trim() : ps('comm', pid)
    return /(^|\/)-?(sh|bash|dash|zsh|ash)$/.test(name)
  } catch {
    return false
  }
}

/** Waits until all of them have exited, and kills those that do not in time. */
export async function waitForEnd(ids, { patienceMs }) {
  const deadline = Date.now() + patienceMs
  for (const id of ids) {
    while (isRunning(id) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50))
    if (isRunning(id)) process.kill(id.pid, 'SIGKILL')
    while (isRunning(id)) await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Only for comparison. Null if the system does not tell; then only the id counts. */
function startTime(pid) {
  try {
    if (process.platform === 'linux') {
      const fields = statFields(pid)
      // A zombie is no longer running; it only waits for its parent to read its exit code.
      return fields[0] === 'Z' ? null : `${bootId()}:${fields[19]}`
    }
    if (process.platform === 'win32') return null
    return ps('lstart', pid) || null
  } catch {
    return null
  }
}

/** The fields after the name in /proc/<pid>/stat. The name may have spaces and parentheses, so this starts at its end. */
function statFields(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

function ps(column, pid) {
  return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8', env: { LC_ALL: 'C' } }).trim()
}

function bootId() {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}
