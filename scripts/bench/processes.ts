import os from 'node:os'
import type { Installation } from '#test/setup/app-processes.ts'
import { CUSTOMERS, deduct, warm } from './api.ts'
import { apiCustomers } from './customers.ts'
import { HttpClient } from './http-client.ts'
import { type Server, withInstallation } from './installation.ts'
import { cpuSeconds } from './process-usage.ts'
import { ROUND_MS, ROUNDS } from './settings.ts'
import { type Meter, printRatios, type Result, sideBySide } from './side-by-side.ts'

const APPS = 3
const CALLERS = 96
const GOAL = { atLeast: 2.2 }

/** What more processes add, on one database; and which of them has no CPU left. */
export async function benchProcesses(server: Server): Promise<void> {
  await withInstallation(server, { apps: APPS }, async ({ apps }) => {
    const customers = await apiCustomers(CUSTOMERS)
    const client = new HttpClient()
    const urls = apps.map(({ url }) => url)
    try {
      for (const url of urls) await warm(deduct(client, [url], customers), customers.length)
      const results = await sideBySide(
        [
          { name: 'one process', run: deduct(client, urls.slice(0, 1), customers) },
          { name: `${APPS} processes`, run: deduct(client, urls, customers), goal: GOAL },
        ],
        { callers: CALLERS, rounds: ROUNDS, roundMs: ROUND_MS, meter: cpuOf(server, apps) },
      )
      const title = `POST /api/credits/deduct, ${CALLERS} callers, ${os.availableParallelism()} cores: beside one process`
      printRatios(title, results, inCores)
    } finally {
      client.close()
    }
  })
}

/** Seconds of CPU that each kind of process has used. */
function cpuOf({ pid }: Server, apps: Installation['apps']): Meter {
  return async () => {
    const database = pid === null ? null : cpuSeconds(pid)
    const app = apps.map((one) => cpuSeconds(one.pid)).reduce((sum, one) => add(sum, one), 0 as number | null)
    const { user, system } = process.cpuUsage()
    return {
      ...(app !== null && { app }),
      ...(database !== null && { database }),
      'this client': (user + system) / 1_000_000,
    }
  }
}

const add = (one: number | null, other: number | null) => (one === null || other === null ? null : one + other)

/** "app 0.90, database 0.70, this client 0.30 cores": the most that one process can use is about one. */
const inCores = ({ metered, seconds }: Result): string =>
  `${Object.entries(metered)
    .map(([name, cpu]) => `${name} ${(cpu / seconds).toFixed(2)}`)
    .join(', ')} cores`
