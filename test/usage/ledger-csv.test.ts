import { afterEach, describe, expect, test } from 'vitest'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { UserModel } from '#models/user.server.ts'
import { brand } from '#app/brand.mjs'
import { setNow } from '#app/clock.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { captureHold, placeHold } from '#app/credits/hold.server.ts'
import { apiKeyFor, stripeInvoiceKey, stripeRefundKey } from '#app/credits/keys.ts'
import { reverseGrants } from '#app/credits/reversal.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { loader as csv } from '#app/routes/_app.usage_.csv.ts'
import { loader as page } from '#app/routes/_app.usage/route.tsx'
import { asBrowser, call, type Caller, newCaller } from '#test/api/caller.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()
afterEach(() => setNow(null))

const fileOf = async (caller: Caller, search = '') =>
  (await call(csv, `/usage/csv${search}`, { headers: asBrowser(caller) })).text()

/** The rows of the file; no cell in these tests has a comma. */
const rowsOf = async (caller: Caller, search = '') =>
  (await fileOf(caller, search))
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','))

const balancesOf = (rows: string[][]) => rows.slice(1).map((row) => [Number(row[5]), Number(row[6])])

const spend = ({ user }: Caller, name: string, credits: number, action = 'qr-code') =>
  spendCredits({ accountId: user._id, key: apiKeyFor('spend', name), credits, action })

const invoiceOf = ({ user }: Caller): string => `in_${user._id.toHexString()}`

/** A user in Berlin with a grant of 2,000 plan credits in winter. */
async function subscriberInBerlin(): Promise<Caller> {
  setNow(() => new Date('2026-03-28T23:30:00Z'))
  const caller = await newCaller({ credits: 0 })
  const accountId = caller.user._id
  await UserModel.updateOne({ _id: accountId }, { $set: { timeZone: 'Europe/Berlin' } })
  await grantCredits(accountId, [
    {
      key: stripeInvoiceKey(invoiceOf(caller)),
      credits: 2000,
      source: { type: 'invoice', id: invoiceOf(caller) },
      category: 'paid',
    },
  ])
  await BillingHistoryModel.create({
    userId: accountId,
    stripeCustomerId: 'cus_1',
    stripeInvoiceId: invoiceOf(caller),
    stripeInvoiceNumber: 'A1B2-0007',
    planName: 'Daily',
    interval: 'month',
    amount: 1800,
    currency: 'usd',
    creditsAdded: 2000,
    status: 'active',
    transactionDate: new Date(),
  })
  return caller
}

describe('the ledger as a CSV for people', () => {
  test('the CSV has a row for each entry, with a description, the invoice and the reader’s local time', async () => {
    const caller = await subscriberInBerlin()
    const accountId = caller.user._id
    setNow(() => new Date('2026-03-29T10:00:00Z'))
    const { holdId } = await placeHold({ accountId, key: apiKeyFor('hold', 'h'), credits: 50, action: 'qr-code' })
    await captureHold({ accountId, holdId, credits: 40 })
    await spendCredits({
      accountId,
      key: apiKeyFor('spend', 's'),
      credits: 10,
      action: 'api',
      metadata: { order: '17', item: 'B' },
    })
    await reverseGrants({
      accountId,
      key: stripeRefundKey('re_1'),
      source: { type: 'refund', id: 're_1' },
      of: { type: 'invoice', id: invoiceOf(caller) },
      money: { amount: 900, paid: 1800 },
    })

    expect(await rowsOf(caller)).toEqual([
      [
        'Time (Europe/Berlin)',
        'UTC offset',
        'Description',
        'Source',
        'Invoice number',
        'Credits',
        'Account balance after',
        'Reference',
        'Details',
      ],
      ['2026-03-29 12:00:00', 'UTC+02:00', 'Refund reversal', 'Refund', 'A1B2-0007', '-1000', '950', 're_1', ''],
      ['2026-03-29 12:00:00', 'UTC+02:00', 'API', 'API', '', '-10', '1950', '', 'order: 17; item: B'],
      ['2026-03-29 12:00:00', 'UTC+02:00', 'QR code', 'Action', '', '-40', '1960', '', ''],
      // Before the change to summer time.
      [
        '2026-03-29 00:30:00',
        'UTC+01:00',
        'Plan credits (Daily)',
        'Invoice',
        'A1B2-0007',
        '2000',
        '2000',
        invoiceOf(caller),
        '',
      ],
    ])
  })

  test('the CSV has the account’s balance after each entry, over all pages and under every filter', async () => {
    const caller = await subscriberInBerlin()
    for (let index = 0; index < 230; index++) await spend(caller, `a${index}`, 1, index % 2 ? 'qr-code' : 'other')
    await settleAccount(caller.user._id)
    for (let index = 0; index < 5; index++) await spend(caller, `b${index}`, 1)

    const all = balancesOf(await rowsOf(caller))
    const some = balancesOf(await rowsOf(caller, '?action=other'))

    expect(all).toHaveLength(236)
    for (const [index, [credits, balance]] of all.entries()) expect(balance! - credits!).toBe(all[index + 1]?.[1] ?? 0)
    expect(some).toHaveLength(115)
    for (const row of some) expect(all).toContainEqual(row)
  })

  test('the CSV lists what the page lists: the same filters, and days of the reader’s zone', async () => {
    const caller = await subscriberInBerlin()
    setNow(() => new Date('2026-03-29T10:00:00Z'))
    await spend(caller, 's', 3)
    const listed = async (search: string) => {
      const request = new Request(`http://localhost:3000/usage${search}`, { headers: asBrowser(caller) })
      const { ledger } = await page({ request, params: {}, context: {} })
      const rows = balancesOf(await rowsOf(caller, ledger.csvHref.replace('/usage/csv', '')))
      const shown = ledger.days.flatMap(({ lines }) => lines.map(({ credits, balance }) => [credits, balance]))
      expect(rows).toEqual(shown)
      return rows.length
    }

    expect(await listed('')).toBe(2)
    expect(await listed('?from=2026-03-29&to=2026-03-29')).toBe(2)
    expect(await listed('?to=2026-03-28')).toBe(0)
    expect(await listed('?kind=spent&action=qr-code')).toBe(1)
  })

  test('the CSV has a byte-order mark when the page asks for it, and needs a session', async () => {
    const caller = await subscriberInBerlin()
    const response = await call(csv, '/usage/csv?bom=1', { headers: asBrowser(caller) })

    const product = brand.name
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.join('-')
    expect(response.headers.get('Content-Disposition')).toBe(`attachment; filename="${product}-ledger-2026-03-29.csv"`)
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect([...new Uint8Array(await response.arrayBuffer()).slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
    await expect(call(csv, '/usage/csv')).rejects.toMatchObject({ status: 302 })
  })

  test('no text from a program becomes a formula', async () => {
    const caller = await subscriberInBerlin()
    await spendCredits({
      accountId: caller.user._id,
      key: apiKeyFor('spend', 'evil'),
      credits: 7,
      action: '=1+1',
      metadata: {},
    })

    const [, row] = await rowsOf(caller)

    expect(row?.[2]).toBe("'=1+1")
    expect(row?.[5]).toBe('-7')
  })
})
