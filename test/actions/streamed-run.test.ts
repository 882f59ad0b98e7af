import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineAction, RunStopped } from '#app/actions/registry.ts'
import { runAction } from '#app/actions/run-action.server.ts'
import { finishRuns } from '#app/actions/run-progress.server.ts'
import { askToStop, findRun } from '#app/actions/run-store.server.ts'
import { ActionRunModel } from '#models/action-run.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { balanceOf, request } from './paged-run.ts'

useDatabase()

/** An action that writes numbers until it has to end, and says why it ended. */
const counting = (timeoutMs: number) => {
  const seen: { reason?: unknown } = {}
  const action = defineAction({
    ...{ id: 'count', title: 'Count', summary: 'Counts.', fields: [], isStreamed: true, timeoutMs },
    unit: { one: 'credit', many: 'credits', credits: 1, isUpTo: true },
    input: z.object({}),
    units: () => 50,
    async run(_, { signal, report }) {
      let count = 0
      while (!signal.aborted && count < 40) {
        report(String(++count), count)
        await sleep(20)
      }
      seen.reason = signal.reason
      return { text: String(count), unitsUsed: count, facts: {}, files: [] }
    },
  })
  return { action, seen }
}

describe('a streamed run', () => {
  test('a run whose time is over returns what there is, and is charged for that', async () => {
    const { action, seen } = counting(150)
    const asked = await request(action, { input: {} })
    const { id } = await runAction(asked)
    await finishRuns()
    const run = (await findRun(asked.accountId, id))!
    expect((seen.reason as Error).name).toBe('TimeoutError')
    expect(run.status).toBe('done')
    expect(run.creditsSpent).toBeGreaterThan(0)
    expect(run.creditsSpent).toBeLessThan(40)
    expect(run.progress).toEqual({ text: String(run.creditsSpent), credits: run.creditsSpent })
    expect(await balanceOf(asked)).toEqual({ credits: 100 - run.creditsSpent!, held: 0 })
  })

  test('a stop that any process asked for reaches the run, and only its owner can ask', async () => {
    const { action, seen } = counting(60_000)
    const asked = await request(action, { input: {} })
    const { id } = await runAction(asked)
    await ActionRunModel.updateOne({ _id: id }, { $set: { stopAskedAt: new Date() } })
    await finishRuns()
    expect(seen.reason).toBeInstanceOf(RunStopped)

    const other = await request(action, { input: {} })
    const { id: running } = await runAction(other)
    await askToStop(asked.accountId, running)
    expect((await findRun(other.accountId, running))?.stopAskedAt).toBeNull()
    await finishRuns()
  })

  test('a run that another process has taken over ends here and writes nothing', async () => {
    const { action } = counting(60_000)
    const asked = await request(action, { input: {} })
    const { id } = await runAction(asked)
    await ActionRunModel.updateOne({ _id: id }, { $set: { lease: 'of another process' } })
    await finishRuns()
    expect(await findRun(asked.accountId, id)).toMatchObject({ status: 'running', progress: null })
  })

  test('the charge is captured before the run counts as done', async () => {
    const { action } = counting(100)
    const asked = await request(action, { input: {} })
    const { id } = await runAction(asked)
    await expect.poll(async () => (await findRun(asked.accountId, id))?.status, { interval: 5 }).toBe('done')
    expect((await balanceOf(asked)).held).toBe(0)
    await finishRuns()
  })
})
