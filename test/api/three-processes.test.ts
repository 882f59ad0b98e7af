import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { connectDatabase, disconnectDatabase } from '#app/database.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { violations } from '#app/credits/invariants.ts'
import { CreditAccountModel, type CreditAccount } from '#models/credit-account.server.ts'
import { CreditEntryModel, type CreditEntry } from '#models/credit-entry.server.ts'
import { type Installation, startInstallation } from '#test/setup/app-processes.ts'
import { asKey, bodyOf, type Caller, errorOf, newCaller } from './caller.ts'

/*
 * Three app processes on one database, tested over HTTP only: no process may rely on the memory of another.
 */

let installation: Installation

beforeAll(async () => {
  installation = await startInstallation({ apps: 3, mongodbUri: inject('mongodbUri'), prepared: false })
  await connectDatabase(installation.mongodbUri)
})

afterAll(async () => {
  await disconnectDatabase()
  // Unset if the start failed; that error is the one to report.
  await (installation as Installation | undefined)?.stop()
})

interface Ask {
  /** Index of the process that gets the request. */
  app: number
  credits: unknown
  key: string
}

function deduct(caller: Caller, { app, credits, key }: Ask): Promise<Response> {
  const { url } = installation.apps[app % installation.apps.length] ?? installation
  return fetch(`${url}/api/credits/deduct`, {
    method: 'POST',
    headers: { ...asKey(caller, key), 'Content-Type': 'application/json' },
    body: JSON.stringify({ credits, action: 'race' }),
  })
}

/** What is wrong with the account and its ledger, by every rule of the audit. */
async function faultsOf({ user }: Caller): Promise<string[]> {
  await settleAccount(user._id)
  const account = await CreditAccountModel.collection.findOne({ _id: user._id })
  const ledger = await CreditEntryModel.collection.find({ accountId: user._id }).sort({ seq: 1 }).toArray()
  return violations(account as unknown as CreditAccount, ledger as unknown as CreditEntry[])
}

describe('three processes on one database', () => {
  test('200 spends of 10 at once from 1000: exactly 100 succeed, 100 get 402, nothing is left', async () => {
    const caller = await newCaller({ credits: 1000 })

    const responses = await Promise.all(
      Array.from({ length: 200 }, (_, index) => deduct(caller, { app: index, credits: 10, key: `race-${index}` })),
    )

    const statuses = responses.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(100)
    expect(statuses.filter((status) => status === 402)).toHaveLength(100)
    expect(await getBalance(caller.user._id)).toMatchObject({ credits: 0, held: 0, debt: 0 })
    const refused = await errorOf(responses.find(({ status }) => status === 402) ?? new Response('{}'))
    expect(refused).toMatchObject({ code: 'insufficient_credits', required: 10 })
    expect(Number(refused['available'])).toBeLessThan(10)
    expect(await faultsOf(caller)).toEqual([])
  })

  test('one key sent 60 times at once to all three spends once, and every answer has the same entry', async () => {
    const caller = await newCaller({ credits: 1000 })

    const responses = await Promise.all(
      Array.from({ length: 60 }, (_, index) => deduct(caller, { app: index, credits: 10, key: 'one' })),
    )

    const bodies = await Promise.all(responses.map((response) => bodyOf(response)))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(bodies.map((body) => body['entryId'])).size).toBe(1)
    expect(responses.filter(({ headers }) => !headers.has('Idempotent-Replayed'))).toHaveLength(1)
    expect(await getBalance(caller.user._id)).toMatchObject({ credits: 990 })
    expect(await faultsOf(caller)).toEqual([])
  })

  test('each process refuses every invalid number, and nothing changes', async () => {
    const caller = await newCaller({ credits: 100 })
    const bad = [{ $gt: 0 }, -5, 0.5, 1e9, '10', null, [10], true, 0]

    const responses = await Promise.all(
      bad.map((credits, index) => deduct(caller, { app: index, credits, key: `bad-${index}` })),
    )

    expect(responses.map(({ status }) => status)).toEqual(bad.map(() => 400))
    expect(await getBalance(caller.user._id)).toMatchObject({ credits: 100 })
    expect((await listEntries(caller.user._id)).entries).toHaveLength(1)
  })

  test('killing a process loses and duplicates nothing, because the same keys can be sent again', async () => {
    const caller = await newCaller({ credits: 1000 })
    const extra = await installation.addApp()
    const app = installation.apps.length - 1
    const asks = Array.from({ length: 40 }, (_, index): Ask => ({ app, credits: 10, key: `crash-${index}` }))

    const first = Promise.allSettled(asks.map((ask) => deduct(caller, ask)))
    await extra.crash()
    await first
    installation.apps.pop()
    const again = await Promise.all(asks.map((ask, index) => deduct(caller, { ...ask, app: index })))

    expect(new Set(again.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await getBalance(caller.user._id)).toMatchObject({ credits: 600 })
    expect(await faultsOf(caller)).toEqual([])
  })
})
