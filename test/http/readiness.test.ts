import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'

const database = vi.hoisted(() => ({ isUp: true, asked: 0 }))

vi.mock('#app/database.server.ts', () => ({
  isDatabaseUp: () => {
    database.asked += 1
    return Promise.resolve(database.isUp)
  },
}))

const { checkReadiness, markRunning, markStopping } = await import('#app/http/readiness.server.ts')

// Once for all tests, because a monotonic clock never steps back.
beforeAll(() => void vi.useFakeTimers({ toFake: ['performance'] }))
beforeEach(() => void Object.assign(database, { isUp: true, asked: 0 }))
afterAll(() => void vi.useRealTimers())

/** Advances the clock beyond the time for which the last answer is remembered. */
async function after(ms: number) {
  vi.advanceTimersByTime(ms)
  return checkReadiness()
}

test('a process is not ready before it has started', async () => {
  expect(await checkReadiness()).toMatchObject({ ready: false, phase: 'starting' })
})

test('an absence as long as an election leaves the process ready, a longer one does not (H50)', async () => {
  markRunning()
  database.isUp = false

  expect(await after(1_000)).toMatchObject({ ready: true, database: 'unsteady' })
  expect(await after(10_000)).toMatchObject({ ready: true, database: 'unsteady' })
  expect(await after(5_000)).toMatchObject({ ready: false, database: 'down' })

  database.isUp = true
  expect(await after(1_000)).toMatchObject({ ready: true, database: 'up' })
})

test('many probes ask the database once', async () => {
  markRunning()
  vi.advanceTimersByTime(1_000)
  await Promise.all(Array.from({ length: 50 }, () => checkReadiness()))

  expect(database.asked).toBe(1)
})

test('a process that is stopping is not ready, even with a working database', async () => {
  markStopping()

  expect(await after(1_000)).toMatchObject({ ready: false, phase: 'stopping', database: 'up' })
})
