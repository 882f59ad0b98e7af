import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runAction } from '#app/actions/run-action.server.ts'
import { trimRuns } from '#app/actions/trim-runs.server.ts'
import { now, setNow } from '#app/clock.server.ts'
import { loader } from '#app/routes/_app.actions.$actionId/route.tsx'
import { loader as fileLoader } from '#app/routes/_app.actions.$actionId_.runs.$runId.$file.ts'
import { ActionRunModel } from '#models/action-run.server.ts'
import { asBrowser, newCaller } from '#test/api/caller.ts'
import { useDatabase } from '#test/setup/database.ts'
import { qrCode } from '#app/actions/built-in/qr-code.server.ts'
import { balanceOf, pagesAction, request } from './paged-run.ts'

useDatabase()
beforeEach(() => ActionRunModel.deleteMany({}))
afterEach(() => setNow(null))

const DAY_MS = 86_400_000

const later = (days: number) => {
  const then = new Date(now().getTime() + days * DAY_MS)
  setNow(() => then)
}

describe('trimRuns', () => {
  test('an old result is deleted, and its key neither runs nor charges again', async () => {
    const { action, counter } = pagesAction()
    const asked = await request(action)
    const { id } = await runAction(asked)

    expect(await trimRuns(400)).toBe(0)
    later(401)
    expect(await trimRuns(400)).toBe(1)
    expect(await trimRuns(400)).toBe(0)

    expect(await ActionRunModel.findById(id).lean()).toMatchObject({ facts: {}, files: [], status: 'done' })
    expect(await runAction(asked)).toMatchObject({ id, status: 'done', creditsSpent: 24, isDeleted: true, files: [] })
    expect(counter.runs).toBe(1)
    expect(await balanceOf(asked)).toEqual({ credits: 76, held: 0 })
  })

  test('a run that has not ended keeps what it has, whatever its age', async () => {
    const { action } = pagesAction()
    const { id } = await runAction(await request(action))
    await ActionRunModel.updateOne({ _id: id }, { $set: { status: 'ran', finishedAt: null } })

    later(4000)
    expect(await trimRuns(1)).toBe(0)
    expect((await ActionRunModel.findById(id).lean())?.files).toHaveLength(1)
  })

  test('nothing is deleted with 0 days, which means forever', async () => {
    const { action } = pagesAction()
    await runAction(await request(action))

    later(4000)
    expect(await trimRuns(0)).toBe(0)
  })

  test('two processes that trim at once trim each run once', async () => {
    const { action } = pagesAction()
    for (let one = 0; one < 4; one++) await runAction(await request(action))

    later(401)
    const [first, second] = await Promise.all([trimRuns(400), trimRuns(400)])
    expect(first + second).toBe(4)
  })
})

test('the page of a deleted result says what was spent and that the result was deleted', async () => {
  const caller = await newCaller()
  const asked = await request(qrCode, { accountId: caller.user._id, input: { text: 'https://example.com' } })
  const { id, files } = await runAction(asked)
  later(401)
  await trimRuns(400)
  // Back to the day of the log-in.
  setNow(null)

  const params = { actionId: 'qr-code' }
  const headers = asBrowser(caller)
  const page = await loader({
    request: new Request(`http://localhost:3000/?run=${id}`, { headers }),
    params,
    context: {},
  })
  expect(page.run).toMatchObject({
    deletion: 'This result was deleted. Results are kept for 400 days.',
    files: [],
  })
  expect(page.run?.outcome).toMatch(/^Done\. 1 credit was spent/)

  const name = files[0]!.name
  const download = fileLoader({
    request: new Request(`http://localhost:3000/actions/qr-code/runs/${id}/${name}`, { headers }),
    params: { ...params, runId: id, file: name },
    context: {},
  })
  const refusal = (await download.catch((thrown: unknown) => thrown)) as Response
  expect(refusal.status).toBe(410)
  expect(await refusal.text()).toBe('This file was deleted. Results are kept for 400 days.')
})
