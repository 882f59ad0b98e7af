import { Types } from 'mongoose'
import { describe, expect, test } from 'vitest'
import { takeApiCall } from '#app/auth/api-budget.server.ts'
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
