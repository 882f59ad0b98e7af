import { Types } from 'mongoose'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type ApiBudget, rateLimitHeaders, takeApiCall } from '#app/auth/api-budget.server.ts'
import { consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { RateLimited } from '#app/http/errors.ts'
import { RateLimitModel } from '#models/rate-limit.server.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()

describe('the budget of API calls', () => {
  test('a hundred API calls cost one write', async () => {
    const user = new Types.ObjectId()
    for (let call = 0; call < 250; call++) await takeApiCall(user)

    expect(await RateLimitModel.findOne({ key: `api:${user.toHexString()}` }).lean()).toMatchObject({ points: 300 })
  })

  test('a call is refused once the calls of the minute are used up, on this or another process', async () => {
    const user = new Types.ObjectId()
    await consumeAttempt('api', user.toHexString(), 60_000)

    await expect(takeApiCall(user)).rejects.toThrow(RateLimited)
    await expect(takeApiCall(user)).rejects.toThrow(RateLimited)
  })
})

describe('the rate limit headers', () => {
  // The minute ends at a moment of the machine's clock, so that of `performance` stands still.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  const remainingOf = (budget: ApiBudget) =>
    Number(/^"default";r=(\d+);t=\d+$/.exec(rateLimitHeaders(budget)['RateLimit'] ?? '')?.[1])

  test('they state the policy, what is left, and the seconds to the end of the minute', async () => {
    const headers = rateLimitHeaders(await takeApiCall(new Types.ObjectId()))

    expect(headers['RateLimit-Policy']).toBe('"default";q=60000;w=60')
    expect(headers['RateLimit']).toMatch(/^"default";r=59900;t=(60|59)$/)
  })

  test('the calls that a process has taken at once are not among those that are left', async () => {
    const user = new Types.ObjectId()
    const seen: number[] = []
    for (let call = 1; call <= 250; call++) seen.push(remainingOf(await takeApiCall(user)))

    expect(seen.every((remaining, index) => remaining <= 60_000 - (index + 1))).toBe(true)
    expect([...new Set(seen)]).toEqual([59_900, 59_800, 59_700])
  })

  test('what another process takes shows in the next count, ten seconds later at most', async () => {
    const user = new Types.ObjectId()
    expect(remainingOf(await takeApiCall(user))).toBe(59_900)
    await consumeAttempt('api', user.toHexString(), 50_000)
    vi.advanceTimersByTime(10_000)

    expect(remainingOf(await takeApiCall(user))).toBe(9_800)
  })

  test('a count that ended with its minute says nothing about the next one', async () => {
    const user = new Types.ObjectId()
    await consumeAttempt('api', user.toHexString(), 100)
    await RateLimitModel.updateOne(
      { key: `api:${user.toHexString()}` },
      { $set: { expire: new Date(Date.now() + 5_000) } },
    )
    const seconds = /t=(\d+)$/.exec(rateLimitHeaders(await takeApiCall(user))['RateLimit'] ?? '')?.[1]
    expect(Number(seconds)).toBeLessThanOrEqual(5)
    await RateLimitModel.updateOne({ key: `api:${user.toHexString()}` }, { $set: { expire: new Date(0) } })
    vi.advanceTimersByTime(5_001)

    expect(remainingOf(await takeApiCall(user))).toBe(59_900)
  })

  test('a call that is answered before its count claims nothing', async () => {
    const user = new Types.ObjectId()
    const first = takeApiCall(user)

    expect(rateLimitHeaders(await takeApiCall(user))).toEqual({ 'RateLimit-Policy': '"default";q=60000;w=60' })
    expect(remainingOf(await first)).toBe(59_900)
  })

  test('a refusal has nothing left until its Retry-After', () => {
    expect(rateLimitHeaders(new RateLimited(17))['RateLimit']).toBe('"default";r=0;t=17')
  })
})
