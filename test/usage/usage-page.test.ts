import mongoose from 'mongoose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { captureHold, placeHold, releaseHold } from '#app/credits/hold.server.ts'
import { livePorts } from '#app/credits/ports.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { tickAccount } from '#app/credits/tick.server.ts'
import { loader } from '#app/routes/_app.usage/route.tsx'
import { parseUsageQuery } from '#app/usage/filters.ts'
import { readLedger, readNewestDays } from '#app/usage/usage-page.server.ts'
import { asBrowser, type Caller, newCaller } from '#test/api/caller.ts'
import { CreditAccountModel } from '#models/credit-account.server.ts'
import { creditEntries, CreditEntryModel } from '#models/credit-entry.server.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()
afterEach(() => setNow(null))

const show = async (caller: Caller, search = '') =>
  loader({
    request: new Request(`http://localhost:3000${search || '/usage'}`, { headers: asBrowser(caller) }),
    params: {},
    context: {},
  })

let count = 0
async function spendAt({ user }: Caller, at: string, credits: number, action = 'qr-code'): Promise<void> {
  setNow(() => new Date(at))
  await spendCredits({ accountId: user._id, key: `api:spend:${count++}`, credits, action })
}

/** A caller whose credits were granted on 1 May. */
async function callerOfMay(credits = 1000): Promise<Caller> {
  setNow(() => new Date('2026-05-01T08:00:00Z'))
  return newCaller({ credits })
}

describe('the ledger', () => {
  test('entries are grouped by day, newest first, with a sum per day and the balance after each', async () => {
    const caller = await callerOfMay()
    await spendAt(caller, '2026-05-02T10:00:00Z', 3)
    await spendAt(caller, '2026-05-02T11:00:00Z', 4, 'translate')

    const { ledger } = await show(caller)

    expect(ledger.state).toBe('entries')
    expect(ledger.range).toBe('Showing 3 entries, 2 May to 1 May.')
    expect(
      ledger.days.map(({ label, sum, lines }) => [
        label,
        sum,
        lines.map((line) => [line.title, line.source, line.credits, line.balance]),
      ]),
    ).toEqual([
      [
        'Sat 2 May',
        -7,
        [
          ['translate', 'API', -4, 993],
          ['QR code', 'Action', -3, 997],
        ],
      ],
      ['Fri 1 May', 1000, [['Credit pack', 'Credit pack', 1000, 1000]]],
    ])
  })

  test('entries that moved credits are shown, and reservations only on request', async () => {
    const caller = await callerOfMay()
    const accountId = caller.user._id
    const { holdId } = await placeHold({ accountId, key: 'api:hold:1', credits: 5, action: 'qr-code' })
    await captureHold({ accountId, holdId, credits: 2 })

    const all = await show(caller)
    const reserved = await show(caller, '/usage?kind=reserved')

    expect(all.ledger.days[0]?.lines.map(({ credits }) => credits)).toEqual([-2, 1000])
    expect(reserved.ledger.days[0]?.lines.map(({ title }) => title)).toEqual(['Reserved 5 credits for QR code'])
    expect(reserved.filters.count).toBe(1)
  })

  test('pages turn both ways, and a day split by a page keeps its full sum', async () => {
    const caller = await callerOfMay()
    for (let index = 0; index < 60; index++) await spendAt(caller, '2026-05-03T10:00:00Z', 1)

    const first = await show(caller)
    const second = await show(caller, first.ledger.older ?? '')
    const back = await show(caller, second.ledger.newer ?? '')

    expect(first.ledger.newer).toBeNull()
    expect(first.ledger.days.map(({ lines, sum }) => [lines.length, sum])).toEqual([[50, -60]])
    expect(second.ledger.days.map(({ lines, sum }) => [lines.length, sum])).toEqual([
      [10, -60],
      [1, 1000],
    ])
    expect(second.ledger.older).toBeNull()
    expect(back.ledger.days).toEqual(first.ledger.days)
  })

  test('days follow the reader’s time zone', async () => {
    const caller = await callerOfMay()
    await spendAt(caller, '2026-05-02T20:00:00Z', 1)

    const reader = { ...caller.user, timeZone: 'Pacific/Auckland' }
    const { days } = await readLedger(reader, parseUsageQuery(new URLSearchParams()))

    expect(days.map(({ date, sum }) => [date, sum])).toEqual([
      ['2026-05-03', -1],
      ['2026-05-01', 1000],
    ])
  })

  test('the ledger can be filtered by action and days, and the CSV gets the same filter', async () => {
    const caller = await callerOfMay()
    await spendAt(caller, '2026-05-02T10:00:00Z', 1, 'qr-code')
    await spendAt(caller, '2026-05-03T23:59:59Z', 2, 'qr-code')
    await spendAt(caller, '2026-05-04T00:00:00Z', 4, 'translate')

    const { ledger, filters } = await show(caller, '/usage?action=qr-code&from=2026-05-03&to=2026-05-03')

    expect(ledger.days.flatMap(({ lines }) => lines.map(({ credits }) => credits))).toEqual([-2])
    expect(filters).toMatchObject({ count: 3, values: { action: 'qr-code', from: '2026-05-03' } })
    expect(ledger.csvHref).toBe('/usage/csv?action=qr-code&from=2026-05-03&to=2026-05-03&bom=1')
  })

  test('every action in the chart can be selected, and so can the requested one', async () => {
    const caller = await callerOfMay()
    await spendAt(caller, '2026-05-02T10:00:00Z', 1, 'translate')
    await spendAt(caller, '2026-05-02T11:00:00Z', 1, 'api')

    const { filters } = await show(caller, '/usage?action=long-ago')

    expect(filters.actions).toEqual([
      { id: 'qr-code', label: 'QR code' },
      { id: 'text', label: 'Text' },
      { id: 'api', label: 'API' },
      { id: 'long-ago', label: 'long-ago' },
      { id: 'translate', label: 'translate' },
    ])
  })

  test('days of another year show their year', async () => {
    setNow(() => new Date('2026-12-30T08:00:00Z'))
    const caller = await newCaller({ credits: 1000 })
    await spendAt(caller, '2027-01-02T10:00:00Z', 3)

    const { ledger } = await show(caller)

    expect(ledger.range).toBe('Showing 2 entries, 2 Jan 2027 to 30 Dec 2026.')
    expect(ledger.days.map(({ label }) => label)).toEqual(['Sat 2 Jan', 'Wed 30 Dec 2026'])
  })

  test('an empty ledger and an empty filter say different things', async () => {
    const caller = await newCaller({ credits: 0 })

    expect((await show(caller)).ledger.state).toBe('empty')
    expect((await show(caller, '/usage?kind=expired')).ledger.state).toBe('no-match')
    expect((await show(caller, '/usage?kind=nonsense&from=never&before=-3&days=7')).ledger.state).toBe('empty')
  })
})

describe('the newest days, for the overview', () => {
  const sumsOf = (days: Awaited<ReturnType<typeof readNewestDays>>) =>
    days.map(({ date, lines, sum }) => [date, lines.length, sum])

  test('each of the newest days shows its full sum, even if it continues beyond the page', async () => {
    const caller = await callerOfMay()
    for (let index = 0; index < 55; index++) await spendAt(caller, '2026-05-02T10:00:00Z', 1)
    for (let index = 0; index < 3; index++) await spendAt(caller, '2026-05-03T10:00:00Z', 2)

    expect(sumsOf(await readNewestDays(caller.user, 3))).toEqual([['2026-05-03', 3, -6]])
    expect(sumsOf(await readNewestDays(caller.user, 8))).toEqual([
      ['2026-05-03', 3, -6],
      ['2026-05-02', 47, -55],
    ])
  })

  test('reservations are left out, also where they are nearly all of the ledger', async () => {
    const caller = await callerOfMay()
    const accountId = caller.user._id
    await spendAt(caller, '2026-05-02T10:00:00Z', 1)
    for (let index = 0; index < 30; index++) {
      const { holdId } = await placeHold({ accountId, key: `api:hold:${index}`, credits: 5, action: 'qr-code' })
      await releaseHold({ accountId, holdId })
    }

    expect(sumsOf(await readNewestDays(caller.user, 8))).toEqual([
      ['2026-05-02', 1, -1],
      ['2026-05-01', 1, 1000],
    ])
  })

  test('entries that are posted between the reads of ledger and account are not missing', async () => {
    const caller = await callerOfMay()
    for (let index = 0; index < 5; index++) await spendAt(caller, '2026-05-02T10:00:00Z', 1)
    const findAccount = livePorts.store.findAccount.bind(livePorts.store)
    const entries = await creditEntries().find({ accountId: caller.user._id }).toArray()
    expect(entries).toEqual([])
    // The ledger is read as it was before the account's log was posted to it.
    vi.spyOn(livePorts.store, 'findAccount').mockImplementationOnce(async (id) => {
      await settleAccount(id)
      return findAccount(id)
    })
    const find = vi.spyOn(mongoose.mongo.Collection.prototype, 'find')

    expect(sumsOf(await readNewestDays(caller.user, 8))).toEqual([
      ['2026-05-02', 5, -5],
      ['2026-05-01', 1, 1000],
    ])
    const collections = find.mock.contexts as unknown as mongoose.mongo.Collection[]
    const ofLedger = collections.filter(({ collectionName }) => collectionName === 'credit_entries')
    expect(ofLedger).toHaveLength(2)
    vi.restoreAllMocks()
  })
})

test('a ledger of 12,000 entries answers even to a filter without matches', async () => {
  const caller = await callerOfMay(0)
  const accountId = caller.user._id
  const rows = Array.from({ length: 12_000 }, (_, seq) => ({
    _id: `${accountId.toHexString()}:k${seq}`,
    accountId,
    seq,
    key: `k${seq}`,
    kind: 'spend',
    amount: -1,
    at: new Date('2026-05-01T00:00:00Z'),
    source: { type: 'action', id: 'qr-code' },
    action: 'qr-code',
    balance: 0,
    burned: [],
  }))
  // Written through the driver as the engine stores them, because the schema declares only the indexes.
  await CreditEntryModel.collection.insertMany(rows as never)
  await CreditAccountModel.collection.updateOne({ _id: accountId }, { $set: { posted: rows.length } })

  const { ledger } = await show(caller, '/usage?action=nothing')
  const oldest = await show(caller, '/usage?before=10')

  expect(ledger.state).toBe('no-match')
  expect(oldest.ledger.days.map(({ lines, sum }) => [lines.length, sum])).toEqual([[10, -12_000]])
})

describe('the chart', () => {
  test('posted and unposted entries are summed by day and stated in a sentence', async () => {
    const caller = await callerOfMay()
    await spendAt(caller, '2026-05-02T10:00:00Z', 30)
    await settleAccount(caller.user._id)
    await spendAt(caller, '2026-05-02T11:00:00Z', 10)
    await spendAt(caller, '2026-05-04T11:00:00Z', 5)

    const { chart } = await show(caller)

    expect(chart.title).toBe('The last 30 days')
    expect(chart.view?.sentence).toBe('You spent 45 credits. Busiest day: Sat 2 May (40). 1,000 credits were added.')
    expect(chart.view?.bars).toHaveLength(30)
    const moved = chart.view?.bars.filter(({ spent, granted }) => spent || granted)
    expect(moved?.map(({ label, spent, granted }) => [label, spent, granted])).toEqual([
      ['Fri 1 May', 0, 1000],
      ['Sat 2 May', 40, 0],
      ['Mon 4 May', 5, 0],
    ])
    expect(moved?.[1]?.readout).toBe('Sat 2 May: spent 40')
  })

  test('each day is stacked by action and described for screen readers', async () => {
    const caller = await callerOfMay()
    await spendAt(caller, '2026-05-02T10:00:00Z', 30)
    await settleAccount(caller.user._id)
    await spendAt(caller, '2026-05-02T11:00:00Z', 10, 'api')
    await spendAt(caller, '2026-05-02T12:00:00Z', 4, 'api')

    const { chart } = await show(caller)
    const day = chart.view?.bars.find(({ spent }) => spent > 0)

    expect(chart.view?.series).toEqual([
      { name: 'QR code', total: 30 },
      { name: 'API', total: 14 },
    ])
    expect(day?.parts).toEqual([30, 14])
    expect(day?.readout).toBe('Sat 2 May: spent 44 (QR code 30, API 14)')
    expect(chart.view?.wide.granted?.marks.map(({ text }) => text)).toEqual(['+1,000'])
  })

  test('a day with many actions shows the largest and counts all', async () => {
    const caller = await callerOfMay()
    for (let job = 1; job <= 25; job++) await spendAt(caller, '2026-05-02T10:00:00Z', job, `job-${job}`)
    await settleAccount(caller.user._id)

    const { chart } = await show(caller)

    expect(chart.view?.series).toEqual([
      { name: 'job-25', total: 25 },
      { name: 'job-24', total: 24 },
      { name: 'job-23', total: 23 },
      { name: 'Other actions', total: 325 - 72 },
    ])
    expect(chart.view?.bars.find(({ spent }) => spent > 0)?.parts).toEqual([25, 24, 23, 325 - 72])
  })

  test('a period over two years names the years', async () => {
    const caller = await callerOfMay()

    const year = (await show(caller, '/usage?days=365')).chart.view
    const month = (await show(caller)).chart.view

    expect(year?.wide.labels.map(({ text }) => text)).toEqual(['2 May 2025', '1 Nov 2025', '1 May 2026'])
    expect(year?.bars[0]?.label).toMatch(/^2 May 2025 to 1\d May 2025$/)
    expect(month?.narrow.labels.map(({ text }) => text)).toEqual(['2 Apr', '17 Apr', '1 May'])
  })

  test('expired credits are shown apart from spent ones', async () => {
    const caller = await callerOfMay(0)
    await grantCredits(caller.user._id, [
      {
        key: 'stripe:payment:pi_expires',
        credits: 50,
        source: { type: 'payment', id: 'pi_expires' },
        expiresAt: new Date('2026-05-03T00:00:00Z'),
      },
    ])
    setNow(() => new Date('2026-05-05T00:00:00Z'))
    await tickAccount(caller.user._id)

    const { chart } = await show(caller)

    expect(chart.view?.sentence).toBe(
      'You spent nothing. 50 credits were added. 50 credits expired or were taken back.',
    )
  })

  test.each([
    ['90', 'The last 90 days'],
    ['365', 'The last 365 days'],
    ['7', 'The last 30 days'],
  ])('the chart of ?days=%s shows %s', async (days, title) => {
    const { chart } = await show(await callerOfMay(), `/usage?days=${days}`)

    expect(chart.title).toBe(title)
    expect(chart.view?.bars).toHaveLength(30)
    expect(chart.periods.filter(({ isCurrent }) => isCurrent)).toHaveLength(1)
  })
})
