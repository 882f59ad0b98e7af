import { describe, expect, test } from 'vitest'
import { lossesAhead } from '#app/credits/losses.ts'
import { keptSentence } from '#app/wording/rollover-words.ts'
import { wordsOfGrant } from '#app/usage/grant-words.server.ts'
import { type Grant, NEVER, type Rollover } from '#models/credit-account.server.ts'

const day = (date: string) => new Date(`${date}T00:00:00Z`)
const now = day('2026-05-10')
const context = { now, timeZone: 'UTC' }

function grant(id: string, remaining: number, terms: Partial<Grant> & { limit?: number; plan?: string } = {}): Grant {
  const { limit = null, plan, ...rest } = terms
  const rollover: Rollover = { plan: plan ?? '', limit, periodStart: day('2026-05-01'), renews: false }
  return {
    ...{
      id,
      source: { type: 'invoice', id },
      category: 'paid',
      priority: 50,
      granted: remaining,
      remaining,
      reserved: [],
    },
    ...{
      started: true,
      expired: false,
      effectiveAt: day('2026-05-01'),
      expiresAt: NEVER,
      createdAt: day('2026-05-01'),
    },
    ...(plan && { rollover }),
    ...rest,
  }
}

const losses = (grants: Grant[], renewsAt: Date | null = day('2026-06-01')) =>
  lossesAhead({ grants, debt: 0 }, { now, renewsAt })

describe('the credits that will be lost if unused', () => {
  test('a pack and a plan whose credits roll over lose nothing', () => {
    expect(losses([grant('pack', 500), grant('creator', 5000, { plan: 'Creator' })])).toEqual([])
    expect(keptSentence(5500, [], context)).toBe('You keep your 5,500 credits.')
  })

  test('expiring credits are lost on their day, whether the plan renews or not', () => {
    const grants = [grant('beginner', 1000, { plan: 'Beginner', expiresAt: day('2026-06-04') })]
    expect(losses(grants)).toEqual(losses(grants, null))
    expect(losses(grants)).toEqual([{ at: day('2026-06-04'), credits: 1000, plan: 'Beginner', limit: null }])
    expect(keptSentence(1000, losses(grants), context)).toBe(
      '1,000 Beginner credits expire on 4 Jun unless you use them.',
    )
  })

  test('a renewal loses the credits above the rollover cap, and none without a cap', () => {
    const grants = [grant('pack', 500), grant('daily', 2000, { plan: 'Daily', limit: 300 })]
    expect(losses(grants)).toEqual([{ at: day('2026-06-01'), credits: 1700, plan: 'Daily', limit: 300 }])
    expect(losses(grants, null)).toEqual([])
    expect(keptSentence(2500, losses(grants), context)).toBe(
      'On 1 Jun up to 300 unused Daily credits roll over; 1,700 more expire then unless you use them.',
    )
  })

  test('each monthly share loses the credits above the cap', () => {
    const share = (month: string): Grant => {
      const rollover = { plan: 'Daily', limit: 300, periodStart: day(month), renews: true }
      return { ...grant(month, 0, { effectiveAt: day(month), started: false }), granted: 1000, rollover }
    }
    const grants = [grant('daily', 1000, { plan: 'Daily', limit: 300 }), share('2026-06-01'), share('2026-07-01')]
    expect(losses(grants, day('2026-08-01')).map(({ at, credits }) => [at, credits])).toEqual([
      [day('2026-06-01'), 700],
      [day('2026-07-01'), 1000],
      [day('2026-08-01'), 1000],
    ])
  })

  test('each grant states its loss, and one under a cap does not claim that it never expires', () => {
    const words = (one: Grant) => wordsOfGrant(one, new Map(), context).expires
    expect(words(grant('daily', 2000, { plan: 'Daily', limit: 300 }))).toBe('Up to 300 of Daily roll over')
    expect(words(grant('creator', 5000, { plan: 'Creator' }))).toBe('Never expires')
  })
})
