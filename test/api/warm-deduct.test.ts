import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { FREE_PLAN } from '#app/billing/plans.ts'
import { loader as getUser } from '#app/routes/api.user.ts'
import { usePlan } from '#test/billing/plan.ts'
import { commandsOf } from '#test/setup/commands.ts'
import { useDatabase } from '#test/setup/database.ts'
import { asBrowser, asKey, bodyOf, call, errorOf, newCaller, subscribe } from './caller.ts'
import { deduct } from './deduct.ts'

useDatabase({ monitorCommands: true })
// However slow the machine is, the calls of a test follow each other at once.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => {
  vi.useRealTimers()
  setNow(null)
})

describe('a deduction on a warm process', () => {
  test('a warm deduction makes one read, of its key, and one write, of the account', async () => {
    const caller = await newCaller({ credits: 100 })
    await deduct({ credits: 1 }, asKey(caller, 'first'))
    await deduct({ credits: 1 }, asKey(caller, 'second'))

    const commands = await commandsOf(() => deduct({ credits: 1 }, asKey(caller, 'third')))

    expect(commands).toEqual(['find credit_entries', 'findAndModify credit_accounts'])
  })

  test('a deduction without a key looks up no key, and still spends each time', async () => {
    const caller = await newCaller({ credits: 100 })
    await deduct({ credits: 1 }, asBrowser(caller))
    await deduct({ credits: 1 }, asBrowser(caller))

    const commands = await commandsOf(() => deduct({ credits: 1 }, asBrowser(caller)))
    const last = await deduct({ credits: 1 }, asBrowser(caller))

    expect(commands).toEqual(['find sessions', 'find users', 'findAndModify credit_accounts'])
    expect(await bodyOf(last)).toMatchObject({ credits: 96 })
  })

  test('the use of a key is noted once a minute', async () => {
    const caller = await newCaller({ credits: 100 })
    await deduct({ credits: 1 }, asKey(caller, 'first'))
    const soon = await commandsOf(() => deduct({ credits: 1 }, asKey(caller, 'second')))
    setNow(() => new Date(Date.now() + 61_000))
    const later = await commandsOf(() => deduct({ credits: 1 }, asKey(caller, 'third')))

    expect(soon).not.toContain('update api_keys')
    expect(later).toContain('update api_keys')
  })
})

describe('a plan that was read a moment ago', () => {
  const free = usePlan(FREE_PLAN)

  test('a call that the plan as remembered would refuse is let through right after the purchase', async () => {
    const caller = await newCaller({ credits: 100 })
    free.features = { ...free.features, apiAccess: false }
    const refused = await deduct({ credits: 10 }, asKey(caller, 'x'))
    await subscribe(caller, 'Daily')
    const spent = await deduct({ credits: 10 }, asKey(caller, 'x'))

    expect(await errorOf(refused)).toMatchObject({ code: 'feature_not_in_plan' })
    expect(spent.status).toBe(200)
    expect(await bodyOf(spent)).toMatchObject({ credits: 90 })
  })

  test('the options of a refusal are those of the plan as it is now', async () => {
    const caller = await newCaller({ credits: 9 })
    const before = await errorOf(await deduct({ credits: 24 }, asKey(caller, 'x')))
    await subscribe(caller, 'Daily')
    const after = await errorOf(await deduct({ credits: 24 }, asKey(caller, 'x')))

    expect(before['options']).toContainEqual(expect.objectContaining({ type: 'plan', plan: 'Daily' }))
    expect(after['options']).not.toContainEqual(expect.objectContaining({ type: 'plan', plan: 'Daily' }))
  })

  test('GET /api/user shows a plan as soon as it is bought', async () => {
    const caller = await newCaller({ credits: 100 })
    await deduct({ credits: 1 }, asKey(caller, 'x'))
    await subscribe(caller, 'Daily')
    const seen = await bodyOf(await call(getUser, '/api/user', { headers: asKey(caller) }))

    expect(seen).toMatchObject({ user: { plan: 'Daily' }, credits: 99 })
  })
})
