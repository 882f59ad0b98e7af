import { describe, expect, test } from 'vitest'
import { apiKeyFor } from '#app/credits/keys.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { action, loader } from '#app/routes/api.credits.entries.ts'
import type { EntryJson } from '#app/usage/entry-views.ts'
import { useDatabase } from '#test/setup/database.ts'
import { asBrowser, asKey, bodyOf, call, type Caller, errorOf, newCaller } from './caller.ts'

useDatabase()

interface Page {
  entries: EntryJson[]
  nextBefore: number | null
}

const list = (caller: Caller, query = '') => call(loader, `/api/credits/entries${query}`, { headers: asKey(caller) })

const page = async (caller: Caller, query = '') => bodyOf<Page>(await list(caller, query))

async function spend({ user }: Caller, count: number, action = 'render'): Promise<void> {
  for (let index = 0; index < count; index++) {
    await spendCredits({ accountId: user._id, key: apiKeyFor('spend', `${action}-${index}`), credits: 1, action })
  }
}

describe('GET /api/credits/entries', () => {
  test('entries come newest first, with the balance after each and the grants that paid', async () => {
    const caller = await newCaller({ credits: 100 })
    await spend(caller, 2)

    const response = await list(caller)

    expect(response.status).toBe(200)
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    const { entries, nextBefore } = await bodyOf<Page>(response)
    expect(entries.map(({ seq, kind, credits, balance }) => [seq, kind, credits, balance])).toEqual([
      [2, 'spend', -1, 98],
      [1, 'spend', -1, 99],
      [0, 'grant', 100, 100],
    ])
    expect(entries[0]?.burned).toEqual([{ grant: expect.stringMatching(/^g:stripe:payment/) as string, credits: 1 }])
    expect(nextBefore).toBeNull()
  })

  test('pages over posted and unposted entries have no gap and no duplicate', async () => {
    const caller = await newCaller({ credits: 100 })
    await spend(caller, 6, 'posted')
    await settleAccount(caller.user._id)
    await spend(caller, 5, 'pending')

    const seen: number[] = []
    let query = '?limit=4'
    for (;;) {
      const { entries, nextBefore } = await page(caller, query)
      seen.push(...entries.map(({ seq }) => seq))
      if (nextBefore === null) break
      query = `?limit=4&before=${nextBefore}`
    }

    expect(seen).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
  })

  test('entries can be filtered by kind, group, action and time', async () => {
    const caller = await newCaller({ credits: 100 })
    await spend(caller, 1, 'render')
    await spend(caller, 1, 'translate')

    expect((await page(caller, '?kind=grant')).entries).toHaveLength(1)
    expect((await page(caller, '?kind=spent')).entries).toHaveLength(2)
    expect((await page(caller, '?action=render')).entries).toHaveLength(1)
    expect((await page(caller, '?from=2000-01-01&to=2000-02-01T00:00:00Z')).entries).toEqual([])
    expect((await page(caller, '?from=2000-01-01')).entries).toHaveLength(3)
  })

  test('a user cannot see another user’s entries', async () => {
    const [rich, stranger] = await Promise.all([newCaller({ credits: 100 }), newCaller({ credits: 0 })])

    expect((await page(rich)).entries).toHaveLength(1)
    expect((await page(stranger)).entries).toEqual([])
  })

  test.each([
    '?limit=0',
    '?limit=101',
    '?limit=1e3',
    '?before=-1',
    '?before=x',
    '?before[$gt]=0',
    '?kind=everything',
    '?from=yesterday',
    '?to=2026-02-30',
    '?format=xml',
    '?userId=64b000000000000000000000',
  ])('%s is refused with 400', async (query) => {
    const response = await list(await newCaller(), query)

    expect(response.status).toBe(400)
    expect(await errorOf(response)).toMatchObject({ code: 'invalid_request' })
  })

  test('the list needs a log-in and accepts GET only', async () => {
    expect((await call(loader, '/api/credits/entries')).status).toBe(401)
    expect((await call(action, '/api/credits/entries', { method: 'POST', body: {} })).status).toBe(405)
  })
})

describe('GET /api/credits/entries?format=csv', () => {
  test('the CSV begins with a byte-order mark only on request: spreadsheets need it, programs do not', async () => {
    const caller = await newCaller()
    const bytesOf = async (query: string) => new Uint8Array(await (await list(caller, query)).arrayBuffer())
    expect([...(await bytesOf('?format=csv&bom=1')).slice(0, 6)]).toEqual([0xef, 0xbb, 0xbf, 0x73, 0x65, 0x71])
    expect([...(await bytesOf('?format=csv')).slice(0, 3)]).toEqual([0x73, 0x65, 0x71])
  })

  test('the CSV has every entry, however many pages there are', async () => {
    const caller = await newCaller({ credits: 500 })
    await spend(caller, 230)

    const response = await call(loader, '/api/credits/entries?format=csv', { headers: asBrowser(caller) })
    const lines = (await response.text()).trimEnd().split('\r\n')

    expect(response.headers.get('Content-Type')).toBe('text/csv; charset=utf-8; header=present')
    expect(response.headers.get('Content-Disposition')).toMatch(
      /^attachment; filename="[a-z\d-]+-ledger-[\d-]{10}\.csv"$/,
    )
    expect(lines[0]).toBe('seq,at,kind,credits,balance,action,source_type,source_id,reason,hold,id,metadata')
    expect(lines).toHaveLength(1 + 231)
    expect(lines[1]).toMatch(/^230,[\d-]{10}T[\d:.]+Z,spend,-1,270,render,action,render,,,/)
  })

  test('text in the CSV never becomes a formula, and numbers stay numbers (5.10)', async () => {
    const caller = await newCaller({ credits: 500 })
    await spendCredits({
      accountId: caller.user._id,
      key: apiKeyFor('spend', 'evil'),
      credits: 7,
      action: '=HYPERLINK("http://evil.example","x")',
    })

    const text = await (await list(caller, '?format=csv&kind=spend')).text()

    expect(text).toContain('"\'=HYPERLINK(""http://evil.example"",""x"")"')
    expect(text).toContain(',spend,-7,')
  })

  test('the CSV of an empty ledger has only its header', async () => {
    const text = await (await list(await newCaller({ credits: 0 }), '?format=csv')).text()

    expect(text.split('\r\n')).toHaveLength(2)
  })
})
