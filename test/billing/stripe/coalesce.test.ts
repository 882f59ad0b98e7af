import { describe, expect, it } from 'vitest'
import { coalesced } from '#app/billing/stripe/coalesce.ts'

const settle = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('coalesced', () => {
  it('coalesced runs once for the first caller and once for all who arrive meanwhile', async () => {
    let runs = 0
    const work = coalesced(async (key) => {
      const run = ++runs
      await settle()
      return `${key}${run}`
    })
    const results = await Promise.all([work('a'), work('a'), work('a'), work('b')])
    expect(results).toEqual(['a1', 'a3', 'a3', 'b2'])
    expect(await work('a')).toBe('a4')
  })

  it('a failure reaches only its own callers, not the next ones', async () => {
    let runs = 0
    const work = coalesced(async () => {
      await settle()
      if (++runs === 1) throw new Error('first')
      return runs
    })
    const [one, two] = await Promise.allSettled([work('a'), work('a')])
    expect(one.status).toBe('rejected')
    expect(two).toMatchObject({ status: 'fulfilled', value: 2 })
  })

  it('coalesced never answers with data read before the call', async () => {
    let state = 'open'
    const work = coalesced(async () => {
      const seen = state
      await settle()
      return seen
    })
    const before = work('a')
    state = 'paid'
    expect(await work('a')).toBe('paid')
    expect(await before).toBe('open')
  })
})
