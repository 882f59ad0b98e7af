import { randomUUID } from 'node:crypto'
import { Types } from 'mongoose'
import { describe, expect, test } from 'vitest'
import { InvalidActionInput } from '#app/actions/errors.ts'
import { FeatureNotInPlan } from '#app/billing/errors.ts'
import { runAction } from '#app/actions/run-action.server.ts'
import { findRunFile } from '#app/actions/run-store.server.ts'
import { qrCode } from '#app/actions/built-in/qr-code.server.ts'
import { openAccount } from '#app/credits/account.server.ts'
import { IdempotencyConflict, InsufficientCredits } from '#app/credits/errors.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { ActionRunModel } from '#models/action-run.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { balanceOf, kindsOf, pagesAction, request } from './paged-run.ts'

useDatabase()

describe('runAction', () => {
  test('a run holds the price, does the work, captures the price, and stores the result', async () => {
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

  test('unused credits are returned', async () => {
    const { action } = pagesAction({ used: 11 })
    const asked = await request(action)

    expect(await runAction(asked)).toMatchObject({ unitsUsed: 11, credits: 24, creditsSpent: 22 })
    expect(await balanceOf(asked)).toEqual({ credits: 78, held: 0 })
  })

  test('a run that used nothing charges nothing', async () => {
    const { action } = pagesAction({ used: 0 })
    const asked = await request(action)

    expect(await runAction(asked)).toMatchObject({ status: 'done', creditsSpent: 0 })
    expect(await balanceOf(asked)).toEqual({ credits: 100, held: 0 })
  })

  test('a run of the QR code action creates real QR codes', async () => {
    const asked = await request(qrCode, { input: { text: 'https://example.com' } })

    const run = await runAction(asked)

    expect(run.files.map(({ name }) => name)).toEqual(['qr-code.png'])
    const png = await findRunFile(asked.accountId, run.id, 'qr-code.png')
    expect(png?.body.subarray(1, 4).toString()).toBe('PNG')
    expect(await balanceOf(asked)).toEqual({ credits: 99, held: 0 })
  })
})

describe('a refused run', () => {
  test('an invalid input is refused before anything is charged or stored', async () => {
    const { action, counter } = pagesAction()
    const asked = await request(action, { input: { pages: 0 } })

    await expect(runAction(asked)).rejects.toBeInstanceOf(InvalidActionInput)
    expect(counter.runs).toBe(0)
    expect(await kindsOf(asked)).toEqual(['grant'])
  })

  test('a run with too few credits does nothing, and the same request succeeds after a purchase', async () => {
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

  test('a run of a feature that the plan lacks is refused', async () => {
    const { action } = pagesAction({ feature: 'prioritySupport' })

    const refusal = await runAction(await request(action)).catch((error: unknown) => error)

    expect(refusal).toBeInstanceOf(FeatureNotInPlan)
    expect(refusal).toMatchObject({
      message: 'Pages is part of Creator.',
      details: { plan: 'Free', plans: ['Creator'] },
    })
  })
})

describe('a failed run', () => {
  test.each([
    ['a run that throws', { fails: true }],
    ['a run over its time limit', { takesMs: 400, timeoutMs: 50 }],
    ['a run that reports more than was held', { used: 13 }],
    ['a run that reports half a page', { used: 0.5 }],
  ])('%s costs nothing, and the same request gets the same answer', async (_, behavior) => {
    const { action, counter } = pagesAction(behavior)
    const asked = await request(action)

    const first = await runAction(asked)
    const again = await runAction(asked)

    expect(first).toMatchObject({ status: 'failed', creditsSpent: 0, failure: 'It did not work.', files: [] })
    expect(again).toEqual(first)
    expect(counter.runs).toBe(1)
    expect(await balanceOf(asked)).toEqual({ credits: 100, held: 0 })
    expect(await kindsOf(asked)).toEqual(['grant', 'hold', 'release'])
  })

  test('nobody can fetch a file of a failed run, and only the owner one of a paid run', async () => {
    const { action } = pagesAction()
    const asked = await request(action)
    const run = await runAction(asked)

    expect(await findRunFile(new Types.ObjectId(), run.id, 'pages.txt')).toBeNull()
    expect(await findRunFile(asked.accountId, run.id, '../pages.txt')).toBeNull()
    await ActionRunModel.updateOne({ _id: run.id }, { $set: { status: 'ran' } })
    expect(await findRunFile(asked.accountId, run.id, 'pages.txt')).toBeNull()
  })
})

describe('a repeated request', () => {
  test('the second request gets the first one’s result and costs nothing', async () => {
    const { action, counter } = pagesAction()
    const asked = await request(action)

    const first = await runAction(asked)
    const again = await runAction(asked)

    expect(again).toEqual(first)
    expect(counter.runs).toBe(1)
    expect(await balanceOf(asked)).toEqual({ credits: 76, held: 0 })
  })

  test('ten requests at once with one key are one run', async () => {
    const { action, counter } = pagesAction({ takesMs: 100 })
    const asked = await request(action)

    const runs = await Promise.all(Array.from({ length: 10 }, () => runAction(asked)))

    expect(counter.runs).toBe(1)
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1)
    expect(runs.every(({ status, facts }) => status === 'done' && facts.length === 2)).toBe(true)
    expect(await balanceOf(asked)).toEqual({ credits: 76, held: 0 })
  })

  test('two requests at once with two keys are two runs', async () => {
    const { action, counter } = pagesAction()
    const asked = await request(action)

    await Promise.all([runAction(asked), runAction({ ...asked, key: randomUUID() })])

    expect(counter.runs).toBe(2)
    expect(await balanceOf(asked)).toEqual({ credits: 52, held: 0 })
  })

  test('another input under the same key is a conflict, even at the same price', async () => {
    const asked = await request(qrCode, { input: { text: 'one' } })
    await runAction(asked)

    await expect(runAction({ ...asked, input: { text: 'two' } })).rejects.toBeInstanceOf(IdempotencyConflict)
    expect(await balanceOf(asked)).toEqual({ credits: 99, held: 0 })
  })

  test('the same key on two accounts is two requests', async () => {
    const { action } = pagesAction()
    const [one, other] = [await request(action, { key: 'same' }), await request(action, { key: 'same' })]

    const [first, second] = await Promise.all([runAction(one), runAction(other)])

    expect(first.id).not.toBe(second.id)
    expect(await balanceOf(other)).toEqual({ credits: 76, held: 0 })
  })
})
