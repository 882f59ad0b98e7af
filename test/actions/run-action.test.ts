import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Types } from 'mongoose'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { InvalidActionInput } from '#app/actions/errors.ts'
import { FeatureNotInPlan } from '#app/billing/errors.ts'
import { defineAction, type PaidAction } from '#app/actions/registry.ts'
import { type ActionRequest, recoverAbandonedRuns, runAction } from '#app/actions/run-action.server.ts'
import { findRunFile } from '#app/actions/run-store.server.ts'
import { qrCode } from '#app/actions/built-in/qr-code.server.ts'
import { findPlan, type Plan } from '#app/billing/plans.ts'
import { setNow } from '#app/clock.server.ts'
import { openAccount } from '#app/credits/account.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { IdempotencyConflict, InsufficientCredits } from '#app/credits/errors.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { placeHold, releaseHold } from '#app/credits/hold.server.ts'
import { actionKey } from '#app/credits/keys.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { ActionRunModel } from '#models/action-run.server.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()
afterEach(() => setNow(null))

const MINUTE_MS = 60_000

interface Behaviour {
  used?: number
  fails?: boolean
  takesMs?: number
  timeoutMs?: number
  feature?: PaidAction['feature']
  limit?: PaidAction['limit']
}

/** An action of two credits a page that behaves as told, and counts how often it ran. */
function pagesAction({ used, fails, takesMs = 0, timeoutMs, feature, limit }: Behaviour = {}) {
  const counter = { runs: 0 }
  const action = defineAction({
    id: 'pages',
    title: 'Pages',
    summary: 'Counts pages.',
    unit: { one: 'page', many: 'pages', credits: 2 },
    fields: [],
    feature,
    limit,
    timeoutMs,
    input: z.object({ pages: z.int({ error: 'How many pages?' }).min(1) }),
    units: ({ pages }) => pages,
    async run({ pages }) {
      counter.runs++
      await sleep(takesMs)
      if (fails) throw new Error('the printer burns')
      return {
        unitsUsed: used ?? pages,
        facts: { Pages: String(pages), Run: String(counter.runs) },
        files: [
          { name: 'pages.txt', contentType: 'text/plain', label: 'Text', body: new TextEncoder().encode('pages') },
        ],
      }
    },
  })
  return { action, counter }
}

async function request(action: PaidAction, change: Partial<ActionRequest> = {}): Promise<ActionRequest> {
  const plan = findPlan('Free')
  if (!plan) throw new Error('no plan Free')
  const accountId = new Types.ObjectId()
  await openAccount(accountId, { welcomeCredits: 100 })
  const limitsResetAt = new Date(Date.now() + 30 * 24 * 60 * MINUTE_MS)
  return { accountId, plan, limitsResetAt, action, input: { pages: 12 }, key: randomUUID(), ...change }
}

async function balanceOf({ accountId }: ActionRequest) {
  const { credits, held } = await getBalance(accountId)
  return { credits, held }
}

const kindsOf = async ({ accountId }: ActionRequest): Promise<string[]> =>
  (await listEntries(accountId)).entries.map(({ kind }) => kind).reverse()

describe('runAction', () => {
  test('reserves the price, runs, keeps it, and stores the result', async () => {
    const { action } = pagesAction()
    const asked = await request(action)

    const run = await runAction(asked)

    expect(run).toMatchObject({
      status: 'done',
      units: 12,
      unitsUsed: 12,
      credits: 24,
      creditsSpent: 24,
      failure: null,
    })
    expect(run.facts).toContainEqual(['Pages', '12'])
    expect(await balanceOf(asked)).toEqual({ credits: 76, held: 0 })
    expect(await kindsOf(asked)).toEqual(['grant', 'hold', 'capture'])
    const file = await findRunFile(asked.accountId, run.id, 'pages.txt')
    expect(file?.body.toString()).toBe('pages')
  })

  test('gives back what was not used', async () => {
    const { action } = pagesAction({ used: 11 })
    const asked = await request(action)

    expect(await runAction(asked)).toMatchObject({ unitsUsed: 11, credits: 24, creditsSpent: 22 })
    expect(await balanceOf(asked)).toEqual({ credits: 78, held: 0 })
  })

  test('charges nothing when nothing was used', async () => {
    const { action } = pagesAction({ used: 0 })
    const asked = await request(action)

    expect(await runAction(asked)).toMatchObject({ status: 'done', creditsSpent: 0 })
    expect(await balanceOf(asked)).toEqual({ credits: 100, held: 0 })
  })

  test('makes real QR codes', async () => {
    const asked = await request(qrCode, { input: { text: 'https://example.com' } })

    const run = await runAction(asked)

    expect(run.files.map(({ name }) => name)).toEqual(['qr-code.png', 'qr-code.svg'])
    const png = await findRunFile(asked.accountId, run.id, 'qr-code.png')
    expect(png?.body.subarray(1, 4).toString()).toBe('PNG')
    expect(await balanceOf(asked)).toEqual({ credits: 99, held: 0 })
  })
})

describe('what refuses', () => {
  test('a wrong input is refused before anything is charged or stored', async () => {
    const { action, counter } = pagesAction()
    const asked = await request(action, { input: { pages: 0 } })

    await expect(runAction(asked)).rejects.toBeInstanceOf(InvalidActionInput)
    expect(counter.runs).toBe(0)
    expect(await kindsOf(asked)).toEqual(['grant'])
  })

  test('too few credits: nothing runs, and the same request goes through once there are enough', async () => {
    const { action, counter } = pagesAction()
    const accountId = new Types.ObjectId()
    await openAccount(accountId, { welcomeCredits: 23 })
    const asked = await request(action, { accountId })

    await expect(runAction(asked)).rejects.toMatchObject({ required: 24, available: 23 })
    await expect(runAction(asked)).rejects.toBeInstanceOf(InsufficientCredits)
    expect(counter.runs).toBe(0)
    await grantCredits(accountId, [{ key: 'stripe:payment:pi_1', credits: 1, source: { type: 'payment', id: 'pi_1' } }])

    expect(await runAction(asked)).toMatchObject({ status: 'done' })
    expect(await balanceOf(asked)).toEqual({ credits: 0, held: 0 })
  })

  test('a feature that the plan lacks', async () => {
    const { action } = pagesAction({ feature: 'prioritySupport' })

    const refusal = await runAction(await request(action)).catch((error: unknown) => error)

    expect(refusal).toBeInstanceOf(FeatureNotInPlan)
    expect(refusal).toMatchObject({
      message: 'Pages is part of Creator.',
      details: { plan: 'Free', plans: ['Creator'] },
    })
  })
})

describe('a limit of the plan', () => {
  /** The free plan with so many codes a month. */
  function planOf(qrCodes: number): Plan {
    const plan = findPlan('Free')
    if (!plan) throw new Error('no plan Free')
    return { ...plan, limits: { qrCodes } }
  }

  test('refuses the use after the last one, and says when the count starts again', async () => {
    const { action, counter } = pagesAction({ limit: 'qrCodes' })
    const asked = await request(action, { plan: planOf(2), input: { pages: 1 } })
    const again = () => runAction({ ...asked, key: randomUUID() })
    await again()
    await again()

    const refusal = await again().catch((error: unknown) => error)

    expect(refusal).toMatchObject({
      code: 'limit_reached',
      details: { limit: 'qrCodes', max: 2, resetsAt: asked.limitsResetAt.toISOString() },
    })
    expect(counter.runs).toBe(2)
    expect(await balanceOf(asked)).toEqual({ credits: 96, held: 0 })
  })

  test('does not count a repeated request, nor a run that failed', async () => {
    const good = pagesAction({ limit: 'qrCodes' })
    const bad = pagesAction({ limit: 'qrCodes', fails: true })
    const asked = await request(good.action, { plan: planOf(2), input: { pages: 1 } })
    await runAction({ ...asked, action: bad.action, key: randomUUID() })
    await runAction(asked)
    await runAction(asked)

    expect(await runAction({ ...asked, key: randomUUID() })).toMatchObject({ status: 'done' })
    await expect(runAction({ ...asked, key: randomUUID() })).rejects.toMatchObject({ code: 'limit_reached' })
  })

  test('holds also when twenty ask at the same time', async () => {
    const { action, counter } = pagesAction({ limit: 'qrCodes' })
    const asked = await request(action, { plan: planOf(3), input: { pages: 1 } })

    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => runAction({ ...asked, key: randomUUID() })),
    )

    const refused = results.filter((result) => result.status === 'rejected')
    expect(counter.runs).toBe(3)
    expect(refused.map(({ reason }) => (reason as { code: string }).code)).not.toContain('insufficient_credits')
    expect(await balanceOf(asked)).toEqual({ credits: 94, held: 0 })
  })

  test('starts again with its period', async () => {
    const { action } = pagesAction({ limit: 'qrCodes' })
    const asked = await request(action, { plan: planOf(1), input: { pages: 1 } })
    await runAction(asked)
    setNow(() => new Date(asked.limitsResetAt.getTime() + 1))
    const nextEnd = new Date(asked.limitsResetAt.getTime() + 30 * 24 * 60 * MINUTE_MS)

    expect(await runAction({ ...asked, key: randomUUID(), limitsResetAt: nextEnd })).toMatchObject({ status: 'done' })
  })
})

describe('what fails', () => {
  test.each([
    ['an error', { fails: true }],
    ['a run beyond its time', { takesMs: 400, timeoutMs: 50 }],
    ['a claim to have used more than was reserved', { used: 13 }],
    ['a claim of half a page', { used: 0.5 }],
  ])('%s costs nothing, and the same request says so again', async (_, behaviour) => {
    const { action, counter } = pagesAction(behaviour)
    const asked = await request(action)

    const first = await runAction(asked)
    const again = await runAction(asked)

    expect(first).toMatchObject({ status: 'failed', creditsSpent: 0, failure: 'It did not work.', files: [] })
    expect(again).toEqual(first)
    expect(counter.runs).toBe(1)
    expect(await balanceOf(asked)).toEqual({ credits: 100, held: 0 })
    expect(await kindsOf(asked)).toEqual(['grant', 'hold', 'release'])
  })

  test('no file of a run that failed can be fetched, nor by somebody else of one that was paid', async () => {
    const { action } = pagesAction()
    const asked = await request(action)
    const run = await runAction(asked)

    expect(await findRunFile(new Types.ObjectId(), run.id, 'pages.txt')).toBeNull()
    expect(await findRunFile(asked.accountId, run.id, '../pages.txt')).toBeNull()
    await ActionRunModel.updateOne({ _id: run.id }, { $set: { status: 'ran' } })
    expect(await findRunFile(asked.accountId, run.id, 'pages.txt')).toBeNull()
  })
})

describe('twice', () => {
  test('runs and charges once; the second gets the first one’s result', async () => {
    const { action, counter } = pagesAction()
    const asked = await request(action)

    const first = await runAction(asked)
    const again = await runAction(asked)

    expect(again).toEqual(first)
    expect(counter.runs).toBe(1)
    expect(await balanceOf(asked)).toEqual({ credits: 76, held: 0 })
  })

  test('at once: ten requests with one key are one run', async () => {
    const { action, counter } = pagesAction({ takesMs: 100 })
    const asked = await request(action)

    const runs = await Promise.all(Array.from({ length: 10 }, () => runAction(asked)))

    expect(counter.runs).toBe(1)
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1)
    expect(runs.every(({ status, facts }) => status === 'done' && facts.length === 2)).toBe(true)
    expect(await balanceOf(asked)).toEqual({ credits: 76, held: 0 })
  })

  test('at once with two keys are two runs', async () => {
    const { action, counter } = pagesAction()
    const asked = await request(action)

    await Promise.all([runAction(asked), runAction({ ...asked, key: randomUUID() })])

    expect(counter.runs).toBe(2)
    expect(await balanceOf(asked)).toEqual({ credits: 52, held: 0 })
  })

  test('another input under the same key is a conflict, also at the same price', async () => {
    const asked = await request(qrCode, { input: { text: 'one' } })
    await runAction(asked)

    await expect(runAction({ ...asked, input: { text: 'two' } })).rejects.toBeInstanceOf(IdempotencyConflict)
    expect(await balanceOf(asked)).toEqual({ credits: 99, held: 0 })
  })

  test('the same key of two accounts are two requests', async () => {
    const { action } = pagesAction()
    const [one, other] = [await request(action, { key: 'same' }), await request(action, { key: 'same' })]

    const [first, second] = await Promise.all([runAction(one), runAction(other)])

    expect(first.id).not.toBe(second.id)
    expect(await balanceOf(other)).toEqual({ credits: 76, held: 0 })
  })
})

describe('H26: a process that dies in the middle', () => {
  const later = (ms: number) => {
    const then = Date.now() + ms
    setNow(() => new Date(then))
  }

  test('after the hold, before the run: the retry runs and pays once', async () => {
    const { action } = pagesAction()
    const asked = await request(action)
    await placeHold({
      accountId: asked.accountId,
      key: actionKey('pages', asked.key),
      credits: 24,
      action: 'pages',
    })

    expect(await runAction(asked)).toMatchObject({ status: 'done', creditsSpent: 24 })
    expect(await balanceOf(asked)).toEqual({ credits: 76, held: 0 })
  })

  test('in the run: nobody else takes it up at once, but after its time the retry does', async () => {
    const { action, counter } = pagesAction({ timeoutMs: 1000 })
    const asked = await request(action)
    const run = await runAction(asked)
    await undo(asked, run.id, 'running')

    await expect(runAction(asked)).rejects.toMatchObject({ code: 'action_still_running' })
    later(MINUTE_MS)
    expect(await runAction(asked)).toMatchObject({ status: 'done' })
    expect(counter.runs).toBe(2)
    expect(await balanceOf(asked)).toEqual({ credits: 76, held: 0 })
  })

  test('after the run, before the capture: the retry captures and does not run again', async () => {
    const { action, counter } = pagesAction({ timeoutMs: 1000 })
    const asked = await request(action)
    const run = await runAction(asked)
    await undo(asked, run.id, 'ran')

    later(MINUTE_MS)
    expect(await runAction(asked)).toMatchObject({ status: 'done', creditsSpent: 24 })
    expect(counter.runs).toBe(1)
    expect(await balanceOf(asked)).toEqual({ credits: 76, held: 0 })
  })

  test('and nobody asks again: recovery gives the credits back, once', async () => {
    await ActionRunModel.deleteMany({})
    const asked = await request(qrCode, { input: { text: 'x' } })
    const held = await placeHold({
      accountId: asked.accountId,
      key: actionKey('qr-code', asked.key),
      credits: 1,
      action: 'qr-code',
    })
    const run = await runAction({ ...asked, key: randomUUID() })
    await ActionRunModel.updateOne(
      { _id: run.id },
      { $set: { status: 'running', finishedAt: null, holdId: held.holdId } },
    )

    expect(await recoverAbandonedRuns()).toBe(0)
    later(5 * MINUTE_MS)
    expect(await recoverAbandonedRuns()).toBe(1)
    expect(await recoverAbandonedRuns()).toBe(0)
    expect(await ActionRunModel.findById(run.id).lean()).toMatchObject({ status: 'failed', creditsSpent: 0 })
    expect(await balanceOf(asked)).toEqual({ credits: 99, held: 0 })
  })

  test('so long that the hold has ended: nothing is charged and nothing is shown', async () => {
    const { action } = pagesAction({ timeoutMs: 1000 })
    const asked = await request(action)
    const placed = await placeHold({
      accountId: asked.accountId,
      key: actionKey('pages', asked.key),
      credits: 24,
      action: 'pages',
    })
    await releaseHold({ accountId: asked.accountId, holdId: placed.holdId })

    expect(await runAction(asked)).toMatchObject({ status: 'failed', creditsSpent: 0, files: [], facts: [] })
    expect(await balanceOf(asked)).toEqual({ credits: 100, held: 0 })
  })

  /** Puts a finished run back to where a dead process would have left it, with a hold that stands again. */
  async function undo(asked: ActionRequest, runId: string, status: 'running' | 'ran'): Promise<void> {
    await grantCredits(asked.accountId, [
      { key: 'stripe:payment:pi_undo', credits: 24, source: { type: 'payment', id: 'pi_undo' } },
    ])
    const again = await placeHold({ accountId: asked.accountId, key: `undo:${runId}`, credits: 24, action: 'pages' })
    await ActionRunModel.updateOne({ _id: runId }, { $set: { status, finishedAt: null, holdId: again.holdId } })
  }
})
