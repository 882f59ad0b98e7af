import { describe, expect, test } from 'vitest'
import { getBalance } from '#app/credits/balance.server.ts'
import { setSpendingCap } from '#app/credits/set-spending-cap.server.ts'
import { action as postRun } from '#app/routes/api.actions.$actionId.runs.ts'
import { loader as listRuns } from '#app/routes/api.runs._index.ts'
import { loader as readRun } from '#app/routes/api.runs.$runId.ts'
import { loader as readFile } from '#app/routes/api.runs.$runId.files.$name.ts'
import { ActionRunModel } from '#models/action-run.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { asBrowser, asKey, bodyOf, call, type Caller, errorOf, newCaller } from './caller.ts'

useDatabase()

interface Run {
  id: string
  status: string
  charged: number | null
  receipt: string
  files: { name: string; url: string }[]
}

const start = (caller: Caller, key: string | undefined, body: unknown = { text: 'hello' }, actionId = 'qr-code') =>
  call(postRun, `/api/actions/${actionId}/runs`, {
    ...{ method: 'POST', body, params: { actionId } },
    headers: asKey(caller, key),
  })
const started = async (caller: Caller, key: string) => (await bodyOf<{ run: Run }>(await start(caller, key))).run
const read = (caller: Caller, runId: string) =>
  call(readRun, `/api/runs/${runId}`, { params: { runId }, headers: asKey(caller) })
const list = (caller: Caller, query = '') => call(listRuns, `/api/runs${query}`, { headers: asKey(caller) })

describe('POST /api/actions/:id/runs', () => {
  test('a run is done, charged once, and found at its address', async () => {
    const caller = await newCaller({ credits: 10 })
    const response = await start(caller, 'one')
    const { run } = await bodyOf<{ run: Run }>(response)

    expect(response.status).toBe(201)
    expect(response.headers.get('Location')).toBe(`/api/runs/${run.id}`)
    expect(run).toMatchObject({ status: 'done', charged: 1, receipt: 'Quoted 1, held 1, charged 1.' })
    const again = await start(caller, 'one')
    expect(again.headers.get('Idempotent-Replayed')).toBe('true')
    expect(response.headers.get('Idempotent-Replayed')).toBeNull()
    expect((await bodyOf<{ run: Run }>(again)).run).toEqual(run)
    expect((await getBalance(caller.user._id)).credits).toBe(9)
    expect((await bodyOf<{ run: Run }>(await read(caller, run.id))).run).toEqual(run)

    const [file] = run.files
    const params = { runId: run.id, name: file!.name }
    const download = await call(readFile, file!.url, { params, headers: asKey(caller) })
    expect(download.headers.get('Content-Type')).toBe('image/png')
    expect((await download.arrayBuffer()).byteLength).toBeGreaterThan(100)
  })

  test('ten requests at once with one key run and charge once', async () => {
    const caller = await newCaller({ credits: 10 })
    const responses = await Promise.all(Array.from({ length: 10 }, () => start(caller, 'one')))
    expect(responses.every(({ status }) => status === 201 || status === 202)).toBe(true)
    expect((await getBalance(caller.user._id)).credits).toBe(9)
    expect(await ActionRunModel.countDocuments({ accountId: caller.user._id })).toBe(1)
  })

  test('a run that another process works on is answered with 202 and its address', async () => {
    const caller = await newCaller({ credits: 10 })
    const { id } = await started(caller, 'one')
    const later = new Date('2027-01-01T00:00:00Z')
    await ActionRunModel.updateOne({ _id: id }, { $set: { status: 'running', finishedAt: null, leaseUntil: later } })
    const response = await start(caller, 'one')
    expect(response.status).toBe(202)
    expect(response.headers.get('Location')).toBe(`/api/runs/${id}`)
    expect(await bodyOf(response)).toMatchObject({ run: { status: 'running', charged: null, facts: {}, files: [] } })
  })

  test.each([
    ['no key', undefined, { text: 'x' }, 'qr-code', 400, 'idempotency_key_required'],
    ['an unknown action', 'k', { text: 'x' }, 'nothing', 404, 'action_not_found'],
    ['an invalid input', 'k', { text: '' }, 'qr-code', 400, 'invalid_action_input'],
    ['a misspelled field', 'k', { text: 'x', sise: 300 }, 'qr-code', 400, 'invalid_action_input'],
    ['a list', 'k', ['x'], 'qr-code', 400, 'invalid_request'],
  ])('%s is refused, and nothing is charged', async (_, key, body, actionId, status, code) => {
    const caller = await newCaller({ credits: 10 })
    const response = await start(caller, key, body, actionId)
    expect(response.status).toBe(status)
    expect((await errorOf(response)).code).toBe(code)
    expect((await getBalance(caller.user._id)).credits).toBe(10)
  })

  test('the same key with another input conflicts', async () => {
    const caller = await newCaller({ credits: 10 })
    await start(caller, 'one')
    expect((await errorOf(await start(caller, 'one', { text: 'other' }))).code).toBe('idempotency_conflict')
  })

  test('missing credits and a cap of the key are refused with their options', async () => {
    const poor = await newCaller({ credits: 0 })
    expect(await errorOf(await start(poor, 'a'))).toMatchObject({ code: 'insufficient_credits', required: 1 })
    const capped = await newCaller({ credits: 10 })
    await setSpendingCap(capped.user._id, 'day', 1)
    await start(capped, 'a')
    expect(await errorOf(await start(capped, 'b'))).toMatchObject({ code: 'spending_cap_reached' })
  })
})

describe('reading runs', () => {
  test('runs are listed newest first by cursor pages', async () => {
    const caller = await newCaller({ credits: 10 })
    const ids = [(await started(caller, 'a')).id, (await started(caller, 'b')).id, (await started(caller, 'c')).id]
    const first = await bodyOf<{ runs: Run[]; nextBefore: string }>(await list(caller, '?limit=2'))
    const second = await bodyOf<{ runs: Run[]; nextBefore: null }>(
      await list(caller, `?limit=2&before=${first.nextBefore}&action=qr-code&from=2026-01-01`),
    )
    expect([...first.runs, ...second.runs].map(({ id }) => id)).toEqual(ids.reverse())
    expect(second.nextBefore).toBeNull()
  })

  test.each(['?limit=0', '?limit=101', '?before=x', '?from=yesterday', '?unknown=1'])(
    'the query %s is refused',
    async (query) => {
      expect((await list(await newCaller(), query)).status).toBe(400)
    },
  )

  test('another caller’s run and its files are not found', async () => {
    const { id, files } = await started(await newCaller({ credits: 10 }), 'a')
    const stranger = await newCaller()
    for (const response of [
      await read(stranger, id),
      await read(stranger, 'nonsense'),
      await call(readFile, files[0]!.url, {
        params: { runId: id, name: files[0]!.name },
        headers: asBrowser(stranger),
      }),
    ]) {
      expect(response.status).toBe(404)
      expect((await errorOf(response)).code).toBe('run_not_found')
    }
  })
})
