import type { Types } from 'mongoose'
import type { Installation } from '#test/setup/app-processes.ts'
import { startChild } from '../local/child.mjs'
import { inProject } from '../local/project.mjs'
import { commandCount } from './commands.ts'
import { createCounters } from './counters.ts'
import { apiCustomers } from './customers.ts'
import { HttpClient } from './http-client.ts'
import { type Server, withInstallation } from './installation.ts'
import type { Goal } from './report.ts'
import { ROUND_MS, ROUNDS } from './settings.ts'
import { type Contender, inCallers, printRatios, type Result, sideBySide } from './side-by-side.ts'

/** More than a process calls in a minute, at the limit of each. */
export const CUSTOMERS = 100
const GOALS: Record<number, Goal> = { 32: { atLeast: 0.75 } }

export type ApiCustomer = Awaited<ReturnType<typeof apiCustomers>>[number]

/** A spend over HTTP beside a bare route on the same HTTP stack. */
export async function benchApi(server: Server): Promise<void> {
  await withInstallation(server, {}, async (installation) => {
    const customers = await apiCustomers(CUSTOMERS)
    const ids = customers.map(({ id }) => id)
    await createCounters(ids)
    const client = new HttpClient()
    const bare = await startBareRoute(installation)
    try {
      await warm(deduct(client, [installation.url], customers), customers.length)
      for (const callers of [1, 32, 128]) {
        const results = await sideBySide(
          [
            { name: 'bare Remix route, one conditional $inc', run: callBare(client, bare.answer, ids) },
            {
              name: 'POST /api/credits/deduct, with an API key',
              run: deduct(client, [installation.url], customers),
              goal: GOALS[callers],
            },
          ],
          { callers, rounds: ROUNDS, roundMs: ROUND_MS, meter: async () => ({ commands: await commandCount() }) },
        )
        printRatios(`Spends over HTTP, ${inCallers(callers)}: beside a bare Remix route`, results, inCommands)
      }
    } finally {
      client.close()
      await bare.stop()
    }
  })
}

const inCommands = ({ metered, calls }: Result): string =>
  `${((metered.commands ?? 0) / calls).toFixed(2)} commands a call`

function startBareRoute({ mongodbUri }: Installation) {
  return startChild({
    name: 'The bare route',
    args: ['--import', 'tsx', inProject('scripts/bench/bare-route.ts')],
    env: { ...process.env, NODE_ENV: 'production', MONGODB_URI: mongodbUri },
    ready: /Bare route ready at (http:\/\/\S+)/,
  })
}

function callBare(client: HttpClient, url: string, ids: Types.ObjectId[]): Contender['run'] {
  return (n) => {
    const body = JSON.stringify({ account: ids[n % ids.length]!.toHexString(), credits: 1 })
    return client.expect(`${url}/deduct`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
  }
}

/** Far from the numbers of what is measured. */
const WARM_FROM = 1_000_000_000

/** Spends once for each customer: the first call of each also notes the use of the key and reads the account. */
export async function warm(run: Contender['run'], customers: number): Promise<void> {
  for (let n = 0; n < customers; n++) await run(WARM_FROM + n)
}

/** Spends a credit over the API, of the customers in turn, at the processes in turn. */
export function deduct(client: HttpClient, urls: string[], customers: ApiCustomer[]): Contender['run'] {
  const body = JSON.stringify({ credits: 1, action: 'bench' })
  return (n) => {
    const { key } = customers[n % customers.length]!
    const headers = {
      Authorization: `Bearer ${key}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': `bench-${n}`,
    }
    return client.expect(`${urls[n % urls.length]}/api/credits/deduct`, { method: 'POST', headers, body })
  }
}
