import { beforeAll, describe, expect, test } from 'vitest'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { expectFaultless, listenFor } from './faults-of-page.ts'
import { stateOf, useAppCode } from './people.ts'

/*
 * Every state of a plan and its credits, as the pages show it: what happened, what it means for the
 * balance, and what to do next. docs/screenshots has the pictures.
 */
useBrowser()
useAppCode()

beforeAll(async () => {
  const { makePeople } = await import('../../scripts/screenshots/people.ts')
  await makePeople()
})

interface State {
  name: string
  as: string
  path: string
  says: (string | RegExp)[]
  /** Buttons and links to the next step. */
  ways?: string[]
}

const STATES: State[] = [
  {
    name: 'a failed payment in its grace period',
    as: 'due',
    path: '/dashboard',
    says: ['Payment due', /did not go through\. Update your card by \d+ \w+, \d\d:\d\d CES?T/],
    ways: ['Update card'],
  },
  {
    name: 'a failed payment after its grace period',
    as: 'stopped',
    path: '/dashboard',
    says: [/Spending is paused because .* failed\./, 'credits are safe', 'kept while spending is paused'],
    ways: ['Update card'],
  },
  {
    name: 'an action while spending is paused',
    as: 'stopped',
    path: '/actions/qr-code',
    says: [/Spending is paused because .* failed\./],
    ways: ['Update card'],
  },
  {
    name: 'the list of actions while spending is paused',
    as: 'disputing',
    path: '/actions',
    says: ['Spending is paused'],
  },
  {
    name: 'an open dispute',
    as: 'disputing',
    path: '/dashboard',
    says: ['Spending is paused while a payment is disputed at the bank.', 'contact your bank', 'Disputed'],
  },
  {
    name: 'a debt',
    as: 'refunded',
    path: '/dashboard',
    says: [
      '\u2212160',
      'A refund or a dispute took back credits you had already spent. The next 160 credits you get will settle this.',
    ],
    ways: ['See what was taken back', 'Buy credits'],
  },
  {
    name: 'a refund reversal',
    as: 'refunded',
    path: '/usage?kind=corrected',
    says: ['Refund reversal', '\u22121,000'],
    ways: ['Clear filters'],
  },
  {
    name: 'an action in debt',
    as: 'refunded',
    path: '/actions/qr-code',
    says: ['You have \u2212160, so 161 more are needed.'],
  },
  {
    name: 'a plan canceled at period end',
    as: 'leaving',
    path: '/billing',
    says: [/Daily ends on \d+ \w+\. You keep your credits; no new ones will be added\./, /Ends \d+ \w+/],
    ways: ['Keep Daily'],
  },
  {
    name: 'a trial',
    as: 'trying',
    path: '/billing',
    says: [/Trial until \d+ \w+/, /Your trial ends on .* Then Daily costs \$18\.00 a month\./],
    ways: ['Cancel trial', 'Cancel Daily'],
  },
  {
    name: 'an unfinished first payment',
    as: 'unfinished',
    path: '/dashboard',
    says: ['Not finished', 'You were not charged.'],
    ways: ['Finish the payment'],
  },
  {
    name: 'a paused subscription',
    as: 'paused',
    path: '/billing',
    says: ['Paused', 'Daily is paused'],
    ways: ['Resume Daily'],
  },
  {
    name: 'a plan that ended unpaid',
    as: 'gone',
    path: '/dashboard',
    says: ['Ended', 'Your payment failed and retries ran out.'],
    ways: ['See plans'],
  },
  { name: 'a user without purchases', as: 'new', path: '/dashboard', says: ['No payments yet.'], ways: ['See plans'] },
  {
    name: 'credits from every source',
    as: 'rich',
    path: '/billing',
    says: [
      'Renewal of Daily',
      'Change to Daily',
      'Correction: For the trouble',
      '$11.00 refunded',
      '60 reserved',
      'Expires',
    ],
    ways: ['View credit history'],
  },
  {
    name: 'credit history',
    as: 'rich',
    path: '/billing/credits',
    says: ['Welcome credits', '+2,000', '1,665'],
  },
  {
    name: 'a yearly plan in monthly shares',
    as: 'yearly',
    path: '/billing',
    says: ['month 2', 'upcoming', /Starts \d+ \w+/, 'Show 8 more'],
  },
]

// Each theme and each width once: colors do not depend on the width.
describe.each([
  { name: 'dark at 1280', width: 1280, height: 900, colorScheme: 'dark' as const },
  { name: 'light at 390', width: 390, height: 844, colorScheme: 'light' as const },
])('the pages in $name', ({ width, height, colorScheme }) => {
  test.each(STATES)(
    'the page for $name says so, offers the next steps, and has no fault',
    async ({ as, path, says, ways = [] }) => {
      const storageState = await stateOf(`${as}@scrip.test`)
      const page = await newPage({ storageState, viewport: { width, height }, colorScheme })
      const complaints = listenFor(page)

      await page.goto(path, { waitUntil: 'networkidle' })
      const text = await page.getByRole('main').innerText()

      for (const part of says) expect(text).toMatch(part instanceof RegExp ? part : literally(part))
      for (const way of ways) {
        const link = page.getByRole('main').getByRole('link', { name: way })
        expect(
          await link
            .or(page.getByRole('button', { name: way }))
            .first()
            .isVisible(),
          way,
        ).toBe(true)
      }
      await expectFaultless(page)
      expect(complaints()).toEqual([])
    },
  )
})

test('a refused spend says why, that nothing was spent, and what the user can do', async () => {
  const asked = async (who: string) => {
    const page = await newPage({ storageState: await stateOf(`${who}@scrip.test`), javaScriptEnabled: false })
    await page.goto('/actions/qr-code')
    await page.getByLabel(/Text/).first().fill('anything')
    await page.getByRole('button', { name: /Spend 1 credit/ }).click()
    return page.getByRole('main')
  }

  const inDispute = await asked('disputing')
  expect(await inDispute.getByRole('alert').innerText()).toMatch(/disput[^]*Nothing was spent\./)
  const unpaid = await asked('stopped')
  expect(await unpaid.getByRole('alert').innerText()).toMatch(/payment[^]*Nothing was spent\./)
  expect(await unpaid.getByRole('link', { name: /card/ }).getAttribute('href')).toBe('/billing/update-card')
  const inDebt = await asked('refunded')
  expect(await inDebt.getByRole('alert').innerText()).toContain('\u2212160')
  expect(await inDebt.getByRole('link', { name: 'Buy 500 credits, $6' }).isVisible()).toBe(true)
})

const literally = (text: string): RegExp => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
