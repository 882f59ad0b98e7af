import fc from 'fast-check'
import { Types } from 'mongoose'
import { describe, expect, test } from 'vitest'
import { emptyAccount } from '#app/credits/account.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { livePorts } from '#app/credits/ports.server.ts'
import { readAccount } from '#app/credits/recorded.server.ts'
import { sumDays } from '#app/credits/sum-days.server.ts'
import { sumByDay } from '#app/usage/day-sums.server.ts'
import { dayIn, startOfDay } from '#app/usage/days.ts'
import { creditAccounts, type EntryKind } from '#models/credit-account.server.ts'
import { creditEntries, type CreditEntry } from '#models/credit-entry.server.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()

const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/New_York', 'Pacific/Apia']
const START = Date.parse('2026-03-01T00:00:00Z')
const MINUTE = 60_000

type Row = Pick<CreditEntry, 'at' | 'kind' | 'amount' | 'action'>

/** An account with a ledger of these rows, and a log of the last ones. */
async function aLedger(rows: Row[], logged = 0): Promise<Types.ObjectId> {
  const accountId = new Types.ObjectId()
  const entries = rows.map((row, n) => ({ ...row, key: `k${n}`, source: { type: 'action' as const, id: 'x' } }))
  const posted = entries.length - logged
  const ledger = entries.slice(0, posted).map((entry, seq) => ({
    ...entry,
    _id: `${accountId.toHexString()}:${entry.key}`,
    accountId,
    seq,
    balance: 0,
    burned: [],
  }))
  if (posted > 0) await creditEntries().insertMany(ledger)
  const pending = entries.slice(posted)
  await creditAccounts().insertOne({ ...emptyAccount(accountId, 'v', new Date(START)), posted, pending })
  return accountId
}

/** What the sums must say, entry by entry. */
function expected(rows: Row[], timeZone: string, { from, to, kinds, action }: Parameters<typeof sumByDay>[1]) {
  const days: Record<string, { spent: number; granted: number; removed: number; net: number }> = {}
  for (const row of rows) {
    if (row.at < from || (to && row.at >= to)) continue
    if (kinds && !kinds.includes(row.kind)) continue
    if (action !== undefined && row.action !== action) continue
    const day = (days[dayIn(row.at, timeZone)] ??= { spent: 0, granted: 0, removed: 0, net: 0 })
    day.net += row.amount
    if (row.amount > 0) day.granted += row.amount
    else if (row.kind === 'spend' || row.kind === 'capture') day.spent -= row.amount
    else day.removed -= row.amount
  }
  return days
}

async function summedByDay(accountId: Types.ObjectId, filter: Parameters<typeof sumByDay>[1], timeZone: string) {
  const totals = [...(await sumByDay(await readAccount(livePorts, accountId), filter, timeZone))]
  return Object.fromEntries(totals.map(([day, { byAction: _actions, ...sums }]) => [day, sums]))
}

const row: fc.Arbitrary<Row> = fc
  .record({
    minute: fc.integer({ min: 0, max: 45 * 24 * 60 }),
    kind: fc.constantFrom<EntryKind[]>('spend', 'spend', 'capture', 'grant', 'expire', 'reversal', 'adjust'),
    credits: fc.integer({ min: 1, max: 50 }),
    action: fc.constantFrom('print', 'draw', undefined),
  })
  .map(({ minute, kind, credits, action }) => ({
    at: new Date(START + minute * MINUTE + 1234),
    kind,
    amount: kind === 'grant' ? credits : -credits,
    ...(action && { action }),
  }))

test('the sums of days are those of their entries: in every zone, stored in steps, posted or still logged', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 60 }),
      fc.constantFrom(...ZONES),
      fc.record({
        stored: fc.nat(60),
        logged: fc.nat(10),
        fromDay: fc.nat(40),
        days: fc.nat(20),
        action: fc.boolean(),
      }),
      async (rows, timeZone, { stored, logged, fromDay, days, action }) => {
        const inLog = Math.min(logged, rows.length)
        const accountId = await aLedger(rows, inLog)
        const posted = rows.length - inLog
        // The first rows are stored in two steps, as they were posted.
        for (const count of [Math.min(stored, posted) >> 1, Math.min(stored, posted)]) {
          await creditAccounts().updateOne({ _id: accountId }, { $set: { posted: count } })
          await sumDays(accountId)
        }
        await creditAccounts().updateOne({ _id: accountId }, { $set: { posted } })
        const from = startOfDay(dayIn(new Date(START + fromDay * 24 * 60 * MINUTE), timeZone), timeZone)
        const to = startOfDay(dayIn(new Date(from.getTime() + days * 24 * 60 * MINUTE), timeZone), timeZone)
        const filter = { from, ...(days > 0 && { to }), ...(action && { action: 'print' }) }

        expect(await summedByDay(accountId, filter, timeZone)).toEqual(expected(rows, timeZone, filter))
        // The list folds the log, which these made-up entries do not allow.
        if (inLog > 0) return
        const listed = await listEntries(accountId, { ...filter, limit: 200 })
        const net = Object.values(expected(rows, timeZone, filter)).reduce((sum, day) => sum + day.net, 0)
        expect(listed.entries.reduce((sum, entry) => sum + entry.amount, 0)).toBe(net)
      },
    ),
    { numRuns: 60, seed: 12 },
  )
})

describe('the sums of days', () => {
  const DAY_ROWS = Array.from({ length: 10 }, (_, n) => ({
    at: new Date(START + n * 60 * MINUTE),
    kind: 'spend' as const,
    amount: -(n + 1),
    action: 'print',
  }))
  const from = new Date(START)

  test('days that are summed further than the account says count each entry once', async () => {
    const accountId = await aLedger(DAY_ROWS)
    await sumDays(accountId)
    await creditAccounts().updateOne({ _id: accountId }, { $set: { summed: 4 } })

    expect(await summedByDay(accountId, { from }, 'UTC')).toEqual(expected(DAY_ROWS, 'UTC', { from }))
  })

  test('a ledger far ahead of its stored sums is summed itself, in a zone whose name the database would not know', async () => {
    const accountId = await aLedger(DAY_ROWS)
    await creditAccounts().updateOne({ _id: accountId }, { $set: { posted: 6_000 } })

    expect(await summedByDay(accountId, { from }, 'europe/berlin')).toEqual(
      expected(DAY_ROWS, 'Europe/Berlin', { from }),
    )
  })

  test('a page that finds a long ledger without sums has it summed for later pages', async () => {
    const rows = Array.from({ length: 5_100 }, (_, n) => ({ ...DAY_ROWS[0]!, at: new Date(START + n * MINUTE) }))
    const accountId = await aLedger(rows)
    const pages = await Promise.all(Array.from({ length: 3 }, () => summedByDay(accountId, { from }, 'UTC')))

    for (const page of pages) expect(page).toEqual(expected(rows, 'UTC', { from }))
    await expect.poll(async () => (await creditAccounts().findOne({ _id: accountId }))?.summed).toBe(5_100)
    expect(await summedByDay(accountId, { from }, 'UTC')).toEqual(expected(rows, 'UTC', { from }))
  })

  test('an action that shares the sums of a day’s further actions is summed from the ledger', async () => {
    const many = Array.from({ length: 130 }, (_, n) => ({ ...DAY_ROWS[0]!, action: `job-${n}` }))
    const accountId = await aLedger(many)
    await sumDays(accountId)
    const filter = { from, action: 'job-125' }

    expect(await summedByDay(accountId, filter, 'UTC')).toEqual(expected(many, 'UTC', filter))
  })
})
