import { readFileSync } from 'node:fs'

/** What a process uses, from /proc: null where the system has none. */

const MIB = 1024 * 1024
/** The kernel reports CPU time in hundredths of a second, whatever its own clock. */
const TICKS_PER_SECOND = 100

/** Seconds of CPU that a process has used so far, of all its threads. */
export function cpuSeconds(pid: number): number | null {
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
