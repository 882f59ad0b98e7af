import { describe, expect, it } from 'vitest'
import { getBalance } from '#app/credits/balance.server.ts'
import { action as deductAction } from '#app/routes/api.credits.deduct.ts'
import { action as holdAction } from '#app/routes/api.credits.holds.ts'
import { asKey, bodyOf, call, newCaller } from '#test/api/caller.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()

describe('the scope of an idempotency key', () => {
  it('one key for two users or two endpoints is two requests, and with another body a conflict (4.9)', async () => {
    const [one, other] = [await newCaller({ credits: 100 }), await newCaller({ credits: 100 })]
    const deduct = (caller: typeof one, credits: number) =>
      call(deductAction, '/api/credits/deduct', { method: 'POST', headers: asKey(caller, 'k-1'), body: { credits } })
    const hold = (caller: typeof one) =>
      call(holdAction, '/api/credits/holds', { method: 'POST', headers: asKey(caller, 'k-1'), body: { credits: 10 } })
    const first = await deduct(one, 10)
    expect(first.status).toBe(200)
    expect((await deduct(other, 30)).status).toBe(200)
    expect((await hold(one)).status).toBeLessThan(300)
    expect((await deduct(one, 11)).status).toBe(409)
    expect(await bodyOf(await deduct(one, 10))).toMatchObject({ entryId: (await bodyOf(first)).entryId })
    expect(await getBalance(one.user._id)).toMatchObject({ credits: 80, held: 10 })
    expect(await getBalance(other.user._id)).toMatchObject({ credits: 70, held: 0 })
  })
})
