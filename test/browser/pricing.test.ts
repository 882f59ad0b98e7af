import { expect, test } from 'vitest'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { expectFaultless } from './faults-of-page.ts'
import { choosePlan, expectSoon, payWith, signUp } from './steps.ts'

useBrowser()

test('four plans stand in one row at 1280 pixels, each price above the features, one plan recommended', async () => {
  const page = await newPage({ viewport: { width: 1280, height: 900 } })
  await page.goto('/pricing', { waitUntil: 'networkidle' })

  const notes = page.getByRole('region', { name: 'Plans' }).locator('.note')
  const rows = await notes.evaluateAll((all) =>
    all.map((note) =>
      ['h2', '.denomination', '.button', '.note-stub'].map((part) =>
        Math.round(note.querySelector(part)!.getBoundingClientRect().top),
      ),
    ),
  )

  expect(rows).toHaveLength(4)
  for (const row of rows) expect(row).toEqual(rows[0])
  expect(rows[0]).toEqual([...rows[0]!].sort((one, other) => one - other))
  expect(await notes.filter({ hasText: 'Recommended' }).getByRole('heading').allInnerTexts()).toEqual(['Daily'])
})

test('a signed-in user keeps the account bar, and no plan is recommended to a subscriber', async () => {
  const page = await newPage({ viewport: { width: 1280, height: 900 } })
  await signUp(page)
  await page.goto('/pricing')
  await page.getByRole('banner').getByRole('link', { name: '25 credits' }).waitFor()
  await page.getByRole('listitem').filter({ hasText: 'To try it out' }).getByText('Your plan').waitFor()

  await choosePlan(page, 'Creator', 'month')
  await payWith(page, '4242 4242 4242 4242')
  await expectSoon(page, /credits added/)
  await page.goto('/pricing')

  await page.getByRole('banner').getByRole('link', { name: '5,025 credits' }).waitFor()
  await page.getByRole('link', { name: 'Change to Daily' }).waitFor()
  expect(await page.getByText('Recommended').count()).toBe(0)
  await expectFaultless(page)
})
