import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { readActionPage, readForm } from '#app/actions/action-page.server.ts'
import { answerForm } from '#app/actions/form-answer.server.ts'
import { qrCode } from '#app/actions/built-in/qr-code.server.ts'
import { plans, recommended } from '#app/billing/plans.ts'
import { setNow } from '#app/clock.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { freeOffer, planOffers } from '#app/routes/pricing/offers.server.ts'
import { linesOf } from '#app/routes/pricing/plan-lines.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { type Caller, newCaller, subscribe } from '#test/api/caller.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()

/*
 * The plans as shipped: a new user meets a limit and a feature that the plan lacks, each with a way to get it.
 */

const TENTH = new Date('2026-05-10T12:00:00Z')
afterEach(() => setNow(null))

const read = async ({ user }: Caller): Promise<User> => (await UserModel.findById(user._id).lean<User>())!

async function make(caller: Caller, text = randomUUID()) {
  const form = new FormData()
  for (const [name, value] of Object.entries({ intent: 'run', key: randomUUID(), text })) form.set(name, value)
  return answerForm(await read(caller), qrCode, readForm(qrCode, form))
}

const pageOf = async (caller: Caller, runId: string | null = null) =>
  readActionPage(await read(caller), qrCode, { runId, again: null })

describe('the limit of Free', () => {
  test('the limit is reached before the welcome credits are used up, and the page names it and the larger plans', async () => {
    setNow(() => TENTH)
    const caller = await newCaller({ credits: 25 })
    expect((await pageOf(caller)).uses).toBe('20 of 20 left this month. Resets on 1 Jun.')

    for (let count = 0; count < 20; count++) expect(await make(caller)).toHaveProperty('runId')
    const refused = await make(caller)

    expect((await pageOf(caller)).uses).toBe('You have used all 20 for this month. Resets on 1 Jun.')
    expect(refused).toMatchObject({
      kind: 'refused',
      status: 402,
      reason: 'You have used all 20 for this month. Resets on 1 Jun.',
      ways: [
        { text: 'Get Beginner, $10 a month', to: '/pricing?plan=Beginner' },
        { text: 'Or wait: your limit resets on 1 Jun.', to: null },
      ],
    })
    expect((await getBalance(caller.user._id)).credits).toBe(5)

    await subscribe(caller, 'Beginner')
    expect(await make(caller)).toHaveProperty('runId')
    expect((await pageOf(caller)).uses).toBe('979 of 1,000 left this month. Resets on 1 Jun.')
  })

  test('the largest plan has no limit and shows none', async () => {
    const caller = await newCaller()
    await subscribe(caller, 'Creator')
    expect((await pageOf(caller)).uses).toBeNull()
  })
})

describe('a feature that a plan lacks', () => {
  test('the form names the plans with the feature until the user’s plan has it', async () => {
    const caller = await newCaller({ credits: 25 })
    expect((await pageOf(caller)).extras).toEqual([
      {
        text: 'SVG export is part of Beginner, Daily, and Creator.',
        to: '/billing/upgrade?feature=svgExport&action=qr-code',
      },
    ])

    await subscribe(caller, 'Beginner')
    const done = await make(caller)

    const page = await pageOf(caller, 'runId' in done ? done.runId : null)
    expect(page.extras).toEqual([])
    expect(page.run?.files.map(({ label }) => label)).toEqual(['PNG', 'SVG'])
  })
})

describe('the price list', () => {
  test('the price list shows what each plan adds to the one before it', () => {
    expect(planOffers().map(({ name, builtOn, lines }) => [name, builtOn, lines])).toEqual([
      ['Free', null, ['Up to 20 QR codes a month', 'PNG export', 'API access', 'Unused credits roll over']],
      ['Beginner', 'Free', ['Up to 1,000 QR codes a month', 'SVG export']],
      ['Daily', 'Beginner', ['Up to 5,000 QR codes a month']],
      ['Creator', 'Daily', ['No monthly limit on QR codes', 'Priority support']],
    ])
    expect(freeOffer()).toBe('Start free with 25 credits. No card needed.')
  })

  test.each([
    ['a feature', { features: { svgExport: false, apiAccess: true, prioritySupport: false } }],
    ['a part of a limit', { limits: { qrCodes: 19 } }],
    ['the rollover', { unusedCredits: { cap: 10 } }],
  ])('the price list does not claim to include the previous plan if %s is missing', (_what, lacks) => {
    const [, smaller] = plans
    const { builtOn, lines } = linesOf({ ...smaller!, name: 'Larger', ...lacks }, smaller!)

    expect(builtOn).toBeNull()
    expect(lines).toHaveLength(4)
  })

  test('the price list recommends the one plan that the plan file marks', () => {
    expect(planOffers().flatMap(({ name, isRecommended }) => (isRecommended ? name : []))).toEqual([recommended])
  })

  test('a larger plan has everything that a smaller one has', () => {
    for (const [index, plan] of plans.slice(1).entries()) {
      const smaller = plans[index]!
      expect(plan.limits.qrCodes, plan.name).toBeGreaterThan(smaller.limits.qrCodes)
      expect(plan.credits, plan.name).toBeGreaterThan(smaller.credits)
      for (const [feature, has] of Object.entries(smaller.features)) {
        if (has) expect(plan.features, plan.name).toHaveProperty(feature, true)
      }
    }
  })
})
