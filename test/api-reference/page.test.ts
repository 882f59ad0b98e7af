import { describe, expect, test } from 'vitest'
import { API_CALLS } from '#app/api-reference/calls.server.ts'
import { loader } from '#app/routes/docs.api/route.tsx'
import { useDatabase } from '#test/setup/database.ts'
import { asBrowser, type Caller, newCaller } from '../api/caller.ts'

useDatabase()

const read = (caller?: Caller) =>
  loader({
    request: new Request('http://localhost:3000/docs/api', { headers: caller ? asBrowser(caller) : {} }),
    params: {},
    context: {},
  })

describe('the reference page', () => {
  test('it has every call, with examples at the address of this app', async () => {
    const { groups, appUrl, keyPrefix } = await read()
    const calls = groups.flatMap((group) => group.calls)

    expect(calls.map(({ id }) => id)).toEqual(API_CALLS.map(({ id }) => id))
    for (const { curl, fetch } of calls) {
      expect(curl).toContain(`${appUrl}/api/`)
      expect(fetch).toContain(`${appUrl}/api/`)
    }
    expect(keyPrefix).toBeNull()
  })

  test('a reader who is logged in sees the start of a key of theirs, and never the key', async () => {
    const caller = await newCaller()

    const page = await read(caller)

    expect(caller.apiKey.startsWith(page.keyPrefix ?? 'none')).toBe(true)
    expect(JSON.stringify(page)).not.toContain(caller.apiKey)
  })

  test('each parameter and each field of a body says what it is for', async () => {
    const { groups } = await read()
    const rows = groups.flatMap(({ calls }) => calls.flatMap(({ parameters, body }) => [...parameters, ...body]))

    expect(rows.length).toBeGreaterThan(20)
    expect(rows.filter(({ about, type }) => about === '' || type === '')).toEqual([])
  })
})
