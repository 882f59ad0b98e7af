import { isDatabaseUp } from '../database.server.ts'

/** A replica set election takes about ten seconds. If it made every process unready, it would be an outage. */
const TOLERATED_MS = 15_000
const CACHED_MS = 500

type Phase = 'starting' | 'running' | 'stopping'

let phase: Phase = 'starting'
let lastUpAt = -Infinity
let lastCheck: { at: number; answer: Promise<boolean> } | null = null

export function markRunning(): void {
  phase = 'running'
  lastUpAt = performance.now()
}

export function markStopping(): void {
  phase = 'stopping'
}

/** Whether the process was asked to stop. */
export function isStopping(): boolean {
  return phase === 'stopping'
}

/** Whether this process should get requests; a short outage of the database does not make it unready. */
export async function checkReadiness() {
  const time = performance.now()
  if (!lastCheck || time - lastCheck.at > CACHED_MS) lastCheck = { at: time, answer: isDatabaseUp() }
  const up = await lastCheck.answer
  if (up) lastUpAt = performance.now()
  const database = up ? 'up' : performance.now() - lastUpAt < TOLERATED_MS ? 'unsteady' : 'down'
  return { ready: phase === 'running' && database !== 'down', phase, database }
}
