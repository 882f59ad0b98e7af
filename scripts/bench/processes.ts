import os from 'node:os'
import { CUSTOMERS, deduct, warm } from './api.ts'
import { apiCustomers } from './customers.ts'
import { HttpClient } from './http-client.ts'
import { type Server, withInstallation } from './installation.ts'
import { cpuMeter, inCores } from './process-usage.ts'
import { ROUND_MS, ROUNDS } from './settings.ts'
import { printRatios, sideBySide } from './side-by-side.ts'

const APPS = 3
const CALLERS = 96
const GOAL = { atLeast: 2.2 }

/** What more processes add, on one database; and which of them has no CPU left. */
export async function benchProcesses(server: Server): Promise<void> {
  await withInstallation(server, { apps: APPS }, async ({ apps }) => {
    const customers = await apiCustomers(CUSTOMERS)
    const client = new HttpClient()
    const urls = apps.map(({ url }) => url)
    const meter = cpuMeter({ app: apps.map(({ pid }) => pid), database: [server.pid] })
    try {
      for (const url of urls) await warm(deduct(client, [url], customers), customers.length)
      const results = await sideBySide(
        [
          { name: 'one process', run: deduct(client, urls.slice(0, 1), customers) },
          { name: `${APPS} processes`, run: deduct(client, urls, customers), goal: GOAL },
        ],
        { callers: CALLERS, rounds: ROUNDS, roundMs: ROUND_MS, meter },
      )
      const title = `POST /api/credits/deduct, ${CALLERS} callers, ${os.availableParallelism()} cores: beside one process`
      printRatios(title, results, ({ metered, seconds }) => inCores(metered, seconds))
    } finally {
      client.close()
    }
  })
}
