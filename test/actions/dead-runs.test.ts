import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { type ActionRequest, recoverAbandonedRuns, runAction } from '#app/actions/run-action.server.ts'
import { qrCode } from '#app/actions/built-in/qr-code.server.ts'
import { setNow } from '#app/clock.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { placeHold, releaseHold } from '#app/credits/hold.server.ts'
import { actionKey } from '#app/credits/keys.ts'
import { ActionRunModel } from '#models/action-run.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { balanceOf, pagesAction, request } from './paged-run.ts'

useDatabase()
afterEach(() => setNow(null))

const MINUTE_MS = 60_000

describe('a process that dies during a run', () => {
  const later = (ms: number) => {
    const then = Date.now() + ms
    setNow(() => new Date(then))
  }

  test('a retry after a crash between the hold and the run runs and pays once (H26)', async () => {
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

  test('a retry resumes a run that died midway, but only after its time limit (H26)', async () => {
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

  test('a retry after a crash between the run and the capture captures without running again (H26)', async () => {
    const { action, counter } = pagesAction({ timeoutMs: 1000 })
    const asked = await request(action)
    const run = await runAction(asked)
    await undo(asked, run.id, 'ran')

    later(MINUTE_MS)
    expect(await runAction(asked)).toMatchObject({ status: 'done', creditsSpent: 24 })
    expect(counter.runs).toBe(1)
    expect(await balanceOf(asked)).toEqual({ credits: 76, held: 0 })
  })

  test('recovery returns the credits of a dead run once if it is never retried (H26)', async () => {
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

  test('a run whose hold has expired charges nothing and shows no result (H26)', async () => {
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

  /** Puts a finished run back into the state in which a dead process would have left it, with its hold open again. */
  async function undo(asked: ActionRequest, runId: string, status: 'running' | 'ran'): Promise<void> {
    await grantCredits(asked.accountId, [
      { key: 'stripe:payment:pi_undo', credits: 24, source: { type: 'payment', id: 'pi_undo' } },
    ])
    const again = await placeHold({ accountId: asked.accountId, key: `undo:${runId}`, credits: 24, action: 'pages' })
    await ActionRunModel.updateOne({ _id: runId }, { $set: { status, finishedAt: null, holdId: again.holdId } })
  }
})
