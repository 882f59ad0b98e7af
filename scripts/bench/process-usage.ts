import { readFileSync } from 'node:fs'
import type { Meter } from './side-by-side.ts'

/** What a process uses, from /proc: null where the system has none. */

const MIB = 1024 * 1024
/** The kernel reports CPU time in hundredths of a second, whatever its own clock. */
const TICKS_PER_SECOND = 100

/**
 * Reads the seconds of CPU that processes have used, and those of this process, which sends the requests.
 * @param pids by what they are; those whose ids are not known are left out
 */
export const cpuMeter =
  (pids: Record<string, (number | null)[]>): Meter =>
  async () => {
    const used = Object.entries(pids).flatMap(([name, ids]) => {
      const seconds = ids.map((pid) => (pid === null ? null : cpuSeconds(pid)))
      return seconds.includes(null) ? [] : [[name, seconds.reduce((sum, one) => sum! + one!, 0)!] as const]
    })
    const { user, system } = process.cpuUsage()
    return { ...Object.fromEntries(used), 'this client': (user + system) / 1_000_000 }
  }

/** "app 0.90, database 0.70, this client 0.30 cores": one process of the app can use little more than one. */
export function inCores(metered: Record<string, number>, seconds: number): string {
  const parts = Object.entries(metered).map(([name, cpu]) => `${name} ${(cpu / seconds).toFixed(2)}`)
  return `${parts.join(', ')} cores`
}

/** Seconds of CPU that a process has used so far, of all its threads. */
function cpuSeconds(pid: number): number | null {
  const stat = readProc(`/proc/${pid}/stat`)
  if (stat === null) return null
  // The name in parentheses may contain anything; utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Resident memory of a process, in MiB. */
export function residentMiB(pid: number): number | null {
  const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/status`) ?? '')?.[1]
  return kibibytes === undefined ? null : (Number(kibibytes) * 1024) / MIB
}

function readProc(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
