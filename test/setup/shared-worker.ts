import { afterAll, vi } from 'vitest'
import { resetClock, setNow } from '#app/clock.server.ts'
import { resetConfig } from '#app/config.server.ts'

/*
 * Test files share a worker and its modules, since loading them anew for each file took a third of the time. So each file
 * leaves the environment, the settings and the clock as it found them.
 */

const environment = { ...process.env }

afterAll(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  vi.unstubAllEnvs()
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name]
  Object.assign(process.env, environment)
  resetConfig()
  setNow(null)
  resetClock()
})
