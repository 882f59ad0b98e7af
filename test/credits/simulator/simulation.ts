import { Types } from 'mongoose'
import { openAccount } from '#app/credits/account.server.ts'
import { adjustCredits } from '#app/credits/adjust.server.ts'
import { CreditsUnavailable } from '#app/credits/errors.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { captureHold, placeHold, releaseHold } from '#app/credits/hold.server.ts'
import { violations } from '#app/credits/invariants.ts'
import { holdIdOf } from '#app/credits/keys.ts'
import type { CreditPorts } from '#app/credits/ports.server.ts'
import { restoreReversal, reverseGrants } from '#app/credits/reversal.server.ts'
import { setSpendingCap, type SpentSince } from '#app/credits/set-spending-cap.server.ts'
import { settleAccount, unmarkLog } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import type { CreditStore } from '#app/credits/store.server.ts'
import { tickAccount } from '#app/credits/tick.server.ts'
import { sum } from '#app/sum.ts'
import type { CapName, CreditAccount, Rollover } from '#models/credit-account.server.ts'
import type { CreditEntry } from '#models/credit-entry.server.ts'
import { Random } from './random.ts'
import { type Faults, newMemory, Scheduler } from './scheduler.ts'

const HARSH: Faults = { answerLost: 15, requestLost: 30, late: 12, crash: 60 }

const WELCOME = 25
const MINUTE = 60_000

export interface World {
  store: CreditStore
  /** Reads the ledger for the checks, outside the schedule. */
  ledger(accountId: Types.ObjectId): Promise<CreditEntry[]>
}

export interface Outcome {
  account: CreditAccount
  ledger: CreditEntry[]
  tally: Record<string, number>
}

/**
 * Plays one seed: 2 to 6 logical processes run random operations on one account, with repeated keys, late writes, lost
 * answers and crashes. The invariants are checked after every write, and after the last fault that the
 * account comes to rest.
 * @throws Error naming the seed and what was violated
 */
export async function simulate(seed: number, world: World, { steps = 200 } = {}): Promise<Outcome> {
  const random = new Random(seed)
  const accountId = new Types.ObjectId(seed.toString(16).padStart(24, '0'))
  const scheduler = new Scheduler(random, world.store, { ...HARSH })
  const memories = [newMemory(), newMemory(), newMemory()]
  const acknowledged = new Map<string, number>()
  const tally: Record<string, number> = {}
  const fail = (problem: string): never => {
    throw new Error(`seed ${seed}: ${problem}`)
  }
  const holdKeys: string[] = []
  let broken: string | null = null
  let caps: CreditAccount['spendingCaps']

  scheduler.afterEffect = async () => {
    const account = await world.store.findAccount(accountId)
    if (!account || broken) return
    broken = violations(account, await world.ledger(accountId))[0] ?? passedCap(caps, account.spendingCaps)
    caps = account.spendingCaps
  }
  await openAccount(accountId, { welcomeCredits: WELCOME }, { ...scheduler.process().ports, store: world.store })

  let started = 0
  const start = () => {
    // Three machines, each with a memory of its own and a clock up to ten minutes wrong.
    const { ports, turn } = scheduler.process(random.pick(memories), (random.below(3) - 1) * random.below(10) * MINUTE)
    const spent: SpentSince = (account, from) => turn(() => spentInWorld(world, account, from))
    const operation = randomOperation(random, accountId, scheduler.time, started++, holdKeys, spent)
    void operation
      .run(ports)
      .then(
        (replayed) => {
          const { key } = operation
          tally[replayed ? 'replayed' : 'done'] = (tally[replayed ? 'replayed' : 'done'] ?? 0) + 1
          if (key && !replayed) acknowledged.set(key, (acknowledged.get(key) ?? 0) + 1)
        },
        (error: Error & { code?: string }) => {
          const code = error.code ?? fail(error.message)
          tally[code] = (tally[code] ?? 0) + 1
        },
      )
      .catch((error: Error) => (broken ??= error.message))
  }
  for (let step = 0; step < steps; step++) {
    if (!scheduler.busy || (scheduler.alive < 6 && random.oneIn(3))) start()
    if (random.oneIn(7)) scheduler.time += random.below(30) * MINUTE
    await scheduler.step()
    if (broken) fail(broken)
  }
  // The faults end; running operations finish, and late writes take effect.
  Object.assign(scheduler.faults, { answerLost: 0, requestLost: 0, late: 0, crash: 0 })
  while (scheduler.busy || scheduler.lateWrites > 0) {
    if (scheduler.lateWrites > 0) await scheduler.landOneLate()
    await scheduler.step()
    if (broken) fail(broken)
  }
  for (const [key, times] of acknowledged) if (times > 1) fail(`${key} took effect ${times} times`)
  return rest(world, accountId, scheduler, { acknowledged, tally, fail })
}

/** After the last fault three passes of tick and settle bring the account to rest. */
async function rest(
  world: World,
  accountId: Types.ObjectId,
  scheduler: Scheduler,
  run: { acknowledged: Map<string, number>; tally: Record<string, number>; fail: (problem: string) => never },
): Promise<Outcome> {
  const ports: CreditPorts = { ...scheduler.process().ports, store: world.store }
  for (let pass = 0; pass < 3; pass++) {
    await tickAccount(accountId, ports)
    await settleAccount(accountId, ports)
  }
  const account = (await world.store.findAccount(accountId)) ?? run.fail('the account does not exist')
  const ledger = await world.ledger(accountId)
  const [problem] = violations(account, ledger)
  if (problem) run.fail(problem)
  if (account.pending.length > 0) run.fail('the log is not empty at rest')
  const dead = account.grants.filter((grant) => grant.started && grant.expiresAt <= ports.now() && grant.remaining > 0)
  if (dead.length > 0) run.fail('expired credits remain at rest')
  for (const key of run.acknowledged.keys()) {
    if (!ledger.some((row) => row.key === key)) run.fail(`${key} was acknowledged but is not in the ledger`)
  }
  return { account, ledger, tally: run.tally }
}

/** `key`: what must be in the ledger once it is acknowledged; some operations only know it then. */
type Operation = { key: string | null; run: (ports: CreditPorts) => Promise<boolean> }

/** One random operation. Keys come from small pools, so that they repeat, from several processes and with lost answers. */
function randomOperation(
  random: Random,
  accountId: Types.ObjectId,
  time: number,
  n: number,
  holdKeys: string[],
  spent: SpentSince,
): Operation {
  const credits = 1 + random.below(60)
  const pooled = random.below(8)
  const spender = random.oneIn(3) ? 'one' : undefined
  const invoice = `in_${random.below(10)}`
  const of = { type: 'invoice' as const, id: invoice }
  const at = (minutes: number) => new Date(time + minutes * MINUTE)
  const retried = (key: string, once: (ports: CreditPorts) => Promise<{ replayed: boolean }>): Operation => {
    const again = random.oneIn(2)
    return { key, run: async (ports) => (await (again ? withRetry(once, ports) : once(ports))).replayed }
  }
  switch (random.below(18)) {
    case 0:
    case 1: {
      const key = `once:spend:${n}`
      return retried(key, (ports) => spendCredits({ accountId, key, credits, action: 'test', spender }, ports))
    }
    case 2: {
      const operation: Operation = {
        key: null,
        run: async (ports) => {
          const { entryId, replayed } = await spendCredits({ accountId, credits, action: 'test', spender }, ports)
          operation.key = entryId.slice(entryId.indexOf(':') + 1)
          return replayed
        },
      }
      return operation
    }
    case 3:
    case 4: {
      const key = `api:spend:${pooled}`
      return retried(key, (ports) => spendCredits({ accountId, key, credits: 7 + pooled, action: 'test' }, ports))
    }
    case 5:
    case 6: {
      const key = `stripe:invoice:${invoice}`
      const shares = random.oneIn(3) ? 3 : 1
      const expires = random.oneIn(2)
      const limited = random.oneIn(3)
      // Of two plans, one of which has changed its cap; some arrive late, so their period began before.
      const rolloverOf = (share: number): Rollover => ({
        plan: random.oneIn(2) ? 'Small' : 'Large',
        limit: random.oneIn(4) ? null : 20 * random.below(3),
        periodStart: at(share * 60 - random.below(120)),
        renews: share > 0 || random.oneIn(2),
      })
      const requests = Array.from({ length: shares }, (_, share) => ({
        key: share === 0 ? key : `${key}:${share}`,
        credits: credits * 2,
        source: of,
        category: random.oneIn(2) ? ('paid' as const) : ('promotional' as const),
        priority: random.oneIn(4) ? 0 : 50,
        effectiveAt: shares > 1 || random.oneIn(4) ? at(share * 60 + random.below(90)) : undefined,
        expiresAt: expires ? at(share * 60 + 100 + random.below(240)) : undefined,
        rollover: limited ? rolloverOf(share) : undefined,
      }))
      return retried(key, (ports) => grantCredits(accountId, requests, ports))
    }
    case 7:
    case 14: {
      const key = holdKeys.length > 0 && random.oneIn(3) ? random.pick(holdKeys) : `api:hold:${n}`
      holdKeys.push(key)
      const ttlMs = (1 + random.below(200)) * MINUTE
      return retried(key, (ports) => placeHold({ accountId, key, credits, action: 'test', ttlMs, spender }, ports))
    }
    case 8: {
      const holdId = holdIdOf(random.pick(holdKeys.slice(-4).concat('api:hold:none')))
      return retried(`sys:resolve:${holdId}`, (ports) =>
        captureHold({ accountId, holdId, credits: random.below(20) }, ports),
      )
    }
    case 9: {
      const holdId = holdIdOf(random.pick(holdKeys.slice(-4).concat('api:hold:none')))
      return retried(`sys:resolve:${holdId}`, (ports) => releaseHold({ accountId, holdId }, ports))
    }
    case 10: {
      const key = `stripe:refund:${invoice}:${random.below(3)}`
      const source = { type: 'refund' as const, id: key }
      const money = { amount: 10 + random.below(60), paid: 100 }
      return {
        key: null,
        run: async (ports) => (await reverseGrants({ accountId, key, source, of, money }, ports)).replayed,
      }
    }
    case 11: {
      const undoes = `stripe:refund:${invoice}:${random.below(3)}`
      const source = { type: 'refund' as const, id: undoes, reason: 'failed' }
      return {
        key: null,
        run: async (ports) =>
          (await restoreReversal({ accountId, key: `${undoes}:failed`, source, of, undoes }, ports)).replayed,
      }
    }
    case 12:
      if (random.oneIn(6)) {
        const key = `admin:adjust:${n}`
        const signed = random.oneIn(2) ? credits : -credits
        return retried(key, (ports) =>
          adjustCredits({ accountId, key, credits: signed, reason: 'test', by: { type: 'admin', id: 'admin' } }, ports),
        )
      }
      return { key: null, run: (ports) => tickAccount(accountId, ports).then(() => false) }
    case 16: {
      const period = random.pick(['day', 'month'] as const)
      const max = random.oneIn(5) ? null : 40 + random.below(200)
      return {
        key: null,
        run: (ports) => setSpendingCap(accountId, period, max, { spender, ports, spent }).then(() => false),
      }
    }
    default:
      return {
        key: null,
        run: async (ports) => {
          await settleAccount(accountId, ports)
          if (random.oneIn(2)) await unmarkLog(accountId, ports)
          return false
        },
      }
  }
}

/** What a write counted beyond a cap that was in force before it. */
function passedCap(before: CreditAccount['spendingCaps'], after: CreditAccount['spendingCaps']): string | null {
  for (const name of Object.keys(after ?? {}) as CapName[]) {
    const [old, cap] = [before?.[name], after?.[name]]
    const isSamePeriod = old && cap && old.resetsAt.getTime() === cap.resetsAt.getTime()
    if (isSamePeriod && cap.used > old.used && cap.used > cap.max) return `${cap.used} passed a cap of ${cap.max}`
  }
  return null
}

async function spentInWorld(world: World, account: CreditAccount, from: Date): Promise<number> {
  const entries = [...(await world.ledger(account._id)), ...account.pending]
  const byKey = new Map(entries.filter(({ at }) => at >= from).map((entry) => [entry.key, entry]))
  return sum([...byKey.values()].map(({ kind, amount }) => (kind === 'spend' || kind === 'capture' ? -amount : 0)))
}

/** A client whose answer was lost sends the same request again. */
async function withRetry<T>(once: (ports: CreditPorts) => Promise<T>, ports: CreditPorts): Promise<T> {
  try {
    return await once(ports)
  } catch (error) {
    if (!(error instanceof CreditsUnavailable)) throw error
    return once(ports)
  }
}
