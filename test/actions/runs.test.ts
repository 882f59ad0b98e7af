import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readActionPage } from '#app/actions/action-page.server.ts'
import { qrCode } from '#app/actions/built-in/qr-code.server.ts'
import { runAction } from '#app/actions/run-action.server.ts'
import { runForUser } from '#app/actions/run-for-user.server.ts'
import { deleteRun } from '#app/actions/runs/delete-run.server.ts'
import { findRunOfHold, listAllRuns } from '#app/actions/runs/list-runs.server.ts'
import { receiptOf } from '#app/actions/runs/receipt.ts'
import { readRunPage, readRunsPage } from '#app/actions/runs/runs-page.server.ts'
import { readLedgerPage } from '#app/usage/usage-page.server.ts'
import { parseUsageQuery } from '#app/usage/filters.ts'
import { ActionRunModel } from '#models/action-run.server.ts'
import { type Caller, newCaller } from '#test/api/caller.ts'
import { useDatabase } from '#test/setup/database.ts'
import { pagesAction, request } from './paged-run.ts'

useDatabase()

const run = ({ user }: Caller, text = 'hello', key: string = randomUUID()) =>
  runForUser(user, { action: qrCode, input: { text }, key })
const page = ({ user }: Caller, query: Partial<Parameters<typeof readRunsPage>[1]> = {}) =>
  readRunsPage(user, { action: '', before: '', ...query })

describe('the list of runs', () => {
  test('all runs are listed once, newest first, over pages, also those of one millisecond', async () => {
    const { user } = await newCaller()
    const at = new Date('2026-04-01T10:00:00Z')
    const model = { accountId: user._id, actionId: 'qr-code', inputHash: 'h', units: 1, credits: 1, lease: 'l' }
    const ids = Array.from({ length: 60 }, (_, n) => n.toString(16).padStart(32, '0'))
    await ActionRunModel.insertMany(
      ids.map((_id, n) => ({
        ...{ ...model, _id, holdId: `hold_${n}`, status: 'done', leaseUntil: at, finishedAt: at },
        createdAt: new Date(at.getTime() + Math.floor(n / 7)),
      })),
    )

    const seen: string[] = []
    let before: string | undefined
    do {
      const found = await listAllRuns(user._id, { before }, 25)
      seen.push(...found.runs.map(({ _id }) => _id))
      before = found.nextBefore ?? undefined
    } while (before)

    expect(seen).toEqual([...ids].reverse())
    const filtered = { action: 'qr-code', from: new Date(at.getTime() + 1), to: new Date(at.getTime() + 3) }
    expect((await listAllRuns(user._id, filtered, 50)).runs).toHaveLength(14)
    expect((await listAllRuns(user._id, { action: 'other' }, 50)).runs).toEqual([])
    const early = { to: new Date(at.getTime() + 1), before: `${at.getTime() + 8}.${'f'.repeat(32)}` }
    expect((await listAllRuns(user._id, early, 50)).runs).toHaveLength(7)
  })

  test('another user’s runs are neither listed, shown nor deleted', async () => {
    const [owner, other] = [await newCaller(), await newCaller()]
    const { id } = await run(owner)
    expect((await page(other)).runs).toEqual([])
    expect(await readRunPage(other.user, id)).toBeNull()
    expect(await deleteRun(other.user._id, id)).toBe(false)
    expect((await page(owner)).runs).toMatchObject([{ id, title: 'QR code', about: 'hello', state: 'Done', cost: '1' }])
  })
})

describe('a run’s page', () => {
  test('the receipt says what was quoted, held, charged and returned', () => {
    const done = { status: 'done' as const, credits: 12, failure: null }
    expect(receiptOf({ ...done, creditsSpent: 9 })).toBe('Quoted 12, held 12, charged 9, 3 returned.')
    expect(receiptOf({ ...done, creditsSpent: 12 })).toBe('Quoted 12, held 12, charged 12.')
    expect(receiptOf({ ...done, creditsSpent: 0 })).toBe('Quoted 12, held 12, charged 0, 12 returned.')
    expect(receiptOf({ ...done, status: 'running', creditsSpent: null })).toBe('Quoted 12, held 12.')
    expect(receiptOf({ ...done, status: 'failed', creditsSpent: 0, failure: 'It took too long.' })).toBe(
      'Not charged: it took too long.',
    )
  })

  test('a failed run says that it was not charged', async () => {
    const { action } = pagesAction({ fails: true })
    const asked = await request(action)
    const { id } = await runAction(asked)
    const shown = await readRunPage({ _id: asked.accountId, timeZone: 'UTC' }, id)
    expect(shown).toMatchObject({ state: 'Failed', receipt: 'Not charged: it did not work.', facts: [], files: [] })
  })

  test('a deleted result is gone with its input, its receipt stays, and its key does not charge again', async () => {
    const caller = await newCaller()
    const key = randomUUID()
    const { id } = await run(caller, 'secret', key)
    expect(await deleteRun(caller.user._id, id)).toBe(true)
    expect(await deleteRun(caller.user._id, id)).toBe(true)

    expect(await readRunPage(caller.user, id)).toMatchObject({
      receipt: 'Quoted 1, held 1, charged 1.',
      facts: [],
      files: [],
      deletion: 'You deleted this result.',
      canDelete: false,
    })
    expect(JSON.stringify(await ActionRunModel.findById(id).lean())).not.toContain('secret')
    expect(await run(caller, 'secret', key)).toMatchObject({ id, isDeleted: true })
    expect((await page(caller)).runs).toHaveLength(1)
  })

  test('a running run cannot be deleted', async () => {
    const { user } = await newCaller()
    const { id } = await run({ user } as Caller)
    await ActionRunModel.updateOne({ _id: id }, { $set: { status: 'running', finishedAt: null } })
    expect(await deleteRun(user._id, id)).toBe(false)
  })

  test('“Run again” fills the form with what was sent, and runs nothing', async () => {
    const caller = await newCaller()
    const { id } = await runForUser(caller.user, {
      ...{ action: qrCode, key: randomUUID() },
      input: { text: 'again', level: 'H', size: 300, margin: '2' },
    })
    expect((await readRunPage(caller.user, id))?.again).toBe(`/actions/qr-code?again=${id}`)

    const { fields, run: shown } = await readActionPage(caller.user, qrCode, { runId: null, again: id })
    expect(Object.fromEntries(fields.map(({ name, defaultValue }) => [name, defaultValue]))).toEqual({
      ...{ text: 'again', level: 'H', size: '300', margin: '2' },
    })
    expect(shown).toBeNull()
    const stranger = (await newCaller()).user
    const other = await readActionPage(stranger, qrCode, { runId: null, again: id })
    expect(other.fields.find(({ name }) => name === 'text')?.defaultValue).toBeUndefined()
  })

  test('a line of the ledger leads to its run', async () => {
    const caller = await newCaller()
    const { id } = await run(caller)
    const { days } = await readLedgerPage({ ...caller.user, timeZone: 'UTC' }, parseUsageQuery(new URLSearchParams()))
    const [line] = days.flatMap(({ lines }) => lines).filter(({ run: to }) => to !== null)
    const hold = new URL(line!.run!, 'http://x').searchParams.get('hold')!
    expect(await findRunOfHold(caller.user._id, hold)).toBe(id)
    expect(await findRunOfHold((await newCaller()).user._id, hold)).toBeNull()
  })

  test('an action that is no longer offered keeps its runs, without “Run again”', async () => {
    const caller = await newCaller()
    const { id } = await run(caller)
    await ActionRunModel.updateOne({ _id: id }, { $set: { actionId: 'gone' } })
    expect(await readRunPage(caller.user, id)).toMatchObject({ title: 'gone', again: null })
  })
})
