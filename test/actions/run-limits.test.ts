import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { runAction } from '#app/actions/run-action.server.ts'
import { findPlan, type Plan } from '#app/billing/plans.ts'
import { setNow } from '#app/clock.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { balanceOf, pagesAction, request } from './paged-run.ts'

useDatabase()
afterEach(() => setNow(null))

describe('a limit of the plan', () => {
  /** The free plan with this many QR codes a month. */
  function planOf(qrCodes: number): Plan {
    const plan = findPlan('Free')
    if (!plan) throw new Error('no plan Free')
    return { ...plan, limits: { qrCodes } }
  }

  test('a use over the limit is refused, with the date on which the count resets', async () => {
    const { action, counter } = pagesAction({ limit: 'qrCodes' })
    const asked = await request(action, { plan: planOf(2), input: { pages: 1 } })
    const again = () => runAction({ ...asked, key: randomUUID() })
    await again()
    await again()

    const refusal = await again().catch((error: unknown) => error)

    expect(refusal).toMatchObject({
      code: 'limit_reached',
      details: { limit: 'qrCodes', max: 2, resetsAt: asked.limitsResetAt.toISOString() },
    })
    expect(counter.runs).toBe(2)
    expect(await balanceOf(asked)).toEqual({ credits: 96, held: 0 })
  })

  test('a repeated request and a failed run do not count', async () => {
    const good = pagesAction({ limit: 'qrCodes' })
    const bad = pagesAction({ limit: 'qrCodes', fails: true })
    const asked = await request(good.action, { plan: planOf(2), input: { pages: 1 } })
    await runAction({ ...asked, action: bad.action, key: randomUUID() })
    await runAction(asked)
    await runAction(asked)

    expect(await runAction({ ...asked, key: randomUUID() })).toMatchObject({ status: 'done' })
    await expect(runAction({ ...asked, key: randomUUID() })).rejects.toMatchObject({ code: 'limit_reached' })
  })

  test('the limit holds for twenty requests at once', async () => {
    const { action, counter } = pagesAction({ limit: 'qrCodes' })
    const asked = await request(action, { plan: planOf(3), input: { pages: 1 } })

    const results = await Promise.allSettled(
      Array.from({ length: 20 }, () => runAction({ ...asked, key: randomUUID() })),
    )

    const refused = results.filter((result) => result.status === 'rejected')
    expect(counter.runs).toBe(3)
    expect(refused.map(({ reason }) => (reason as { code: string }).code)).not.toContain('insufficient_credits')
    expect(await balanceOf(asked)).toEqual({ credits: 94, held: 0 })
  })

  test('the count resets with the period', async () => {
    const { action } = pagesAction({ limit: 'qrCodes' })
    const asked = await request(action, { plan: planOf(1), input: { pages: 1 } })
    await runAction(asked)
    setNow(() => new Date(asked.limitsResetAt.getTime() + 1))
    const nextEnd = new Date(asked.limitsResetAt.getTime() + 30 * 24 * 60 * 60_000)

    expect(await runAction({ ...asked, key: randomUUID(), limitsResetAt: nextEnd })).toMatchObject({ status: 'done' })
  })
})
