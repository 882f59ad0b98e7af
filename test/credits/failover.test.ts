import { Types } from 'mongoose'
import { setImmediate as rest } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openAccount } from '#app/credits/account.server.ts'
import { CreditsUnavailable } from '#app/credits/errors.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { captureHold, placeHold } from '#app/credits/hold.server.ts'
import { violations } from '#app/credits/invariants.ts'
import { holdIdOf } from '#app/credits/keys.ts'
import { type CreditPorts, VersionCache } from '#app/credits/ports.server.ts'
import { reverseGrants } from '#app/credits/reversal.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { SharedWrites } from '#app/credits/shared-writes.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { Random } from './simulator/random.ts'
import { FailoverStore } from './failover-store.ts'

const AT = new Date('2026-01-01T00:00:00Z')
const accountId = new Types.ObjectId('0'.repeat(24))

/** Plays one seed: processes with repeating keys, on a replica set that keeps losing its primary. */
async function play(seed: number, readsFrom: 'majority' | 'primary' = 'majority'): Promise<{ failovers: number }> {
  const random = new Random(seed)
  const store = new FailoverStore(random, readsFrom)
  const acknowledged = new Set<string>()
  let versions = 0
  const newProcess = (): CreditPorts => ({
    store,
    now: () => AT,
    newVersion: () => `v${versions++}`,
    pause: async () => {},
    versions: new VersionCache(),
    shared: new SharedWrites(),
    inTurn: (_, run) => run(),
    soon: (_, _pendingCount, settle) => settle(),
  })
  const processes = [newProcess(), newProcess(), newProcess()]
  let left = 0
  const run = (key: string | null, operation: (ports: CreditPorts) => Promise<unknown>) => {
    left++
    const ports = random.pick(processes)
    const attempt = (): Promise<unknown> =>
      operation(ports).catch((error: unknown) => {
        if (error instanceof CreditsUnavailable) return attempt()
        // A refusal is a valid answer, and then nothing may have been done.
        if ((error as { code?: unknown }).code === undefined) throw error
        return 'refused'
      })
    void attempt().then((answer) => {
      if (key !== null && answer !== 'refused') acknowledged.add(key)
      left--
    })
  }
  const finish = async (mayFail: boolean) => {
    while (left > 0 || store.busy) {
      await rest()
      await store.step({ mayFail })
      check(seed, store)
    }
  }

  run(null, (ports) => openAccount(accountId, { welcomeCredits: 25 }, ports))
  await finish(false)
  for (let n = 0; n < 40; n++) {
    const [pooled, invoice] = [random.below(6), `in_${random.below(4)}`]
    const source = { type: 'invoice' as const, id: invoice }
    const operations: [string | null, (ports: CreditPorts) => Promise<unknown>][] = [
      [`api:spend:${pooled}`, (ports) => spend(ports, `api:spend:${pooled}`)],
      [`api:spend:${pooled}`, (ports) => spend(ports, `api:spend:${pooled}`)],
      [`stripe:invoice:${invoice}`, (ports) => grant(ports, source)],
      [`api:hold:${pooled}`, (ports) => hold(ports, `api:hold:${pooled}`)],
      [null, (ports) => captureHold({ accountId, holdId: holdIdOf(`api:hold:${pooled}`), credits: 2 }, ports)],
      // A reversal before its grant records nothing.
      [null, (ports) => refund(ports, source)],
      [null, (ports) => settleAccount(accountId, ports)],
    ]
    run(...random.pick(operations))
    for (let step = random.below(12); step > 0; step--) {
      await rest()
      await store.step({ mayFail: true })
      check(seed, store)
    }
  }
  await finish(true)
  for (let pass = 0; pass < 3; pass++) {
    run(null, (ports) => settleAccount(accountId, ports))
    await finish(false)
  }

  const keys = store.committed.ledger(accountId).map(({ key }) => key)
  for (const key of acknowledged)
    if (!keys.includes(key)) throw new Error(`seed ${seed}: ${key} was acknowledged and is lost`)
  return { failovers: store.failovers }
}

let lastChecked: unknown = null

function check(seed: number, { committed }: FailoverStore): void {
  if (committed === lastChecked) return
  lastChecked = committed
  const account = committed.accounts.get(accountId.toHexString())
  const [problem] = account ? violations(account, committed.ledger(accountId)) : []
  if (problem) throw new Error(`seed ${seed}: ${problem}`)
}

const spend = (ports: CreditPorts, key: string) => spendCredits({ accountId, key, credits: 3, action: 'x' }, ports)
const grant = (ports: CreditPorts, source: { type: 'invoice'; id: string }) =>
  grantCredits(accountId, [{ key: `stripe:invoice:${source.id}`, credits: 20, source }], ports)
const hold = (ports: CreditPorts, key: string) => placeHold({ accountId, key, credits: 4, action: 'x' }, ports)
const refund = (ports: CreditPorts, of: { type: 'invoice'; id: string }) => {
  const key = `stripe:refund:${of.id}`
  const money = { amount: 50, paid: 100 }
  return reverseGrants({ accountId, key, source: { type: 'refund', id: key }, of, money }, ports)
}

test('failovers undo only writes without a majority, and lose or double nothing acknowledged (3.3)', async () => {
  let failovers = 0
  for (let seed = 1; seed <= 40; seed++) failovers += (await play(seed)).failovers

  expect(failovers).toBeGreaterThan(50)
})

test('the failover test detects reads below the majority (3.3)', async () => {
  let found: unknown = null
  for (let seed = 1; seed <= 200 && !found; seed++) {
    found = await play(seed, 'primary').then(
      () => null,
      (error: Error) => error.message,
    )
  }

  expect(found).toMatch(/^seed \d+: /)
})
