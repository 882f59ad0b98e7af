import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { expectFaultless, listenFor } from './faults-of-page.ts'
import { choosePlan, expectSoon, payWith, signUp } from './steps.ts'

/*
 * The billing page shows the payment method and billing address before the checkout, after it, and after the card
 * was changed on Stripe's page.
 */
useBrowser()

const card = (page: Page, name: string) => page.getByRole('region', { name })
const textOf = async (page: Page, name: string) => (await card(page, name).innerText()).replace(/\s+/g, ' ')

test('the billing page shows the card of the checkout, and the new one after an update', async () => {
  const page = await newPage({ viewport: { width: 1280, height: 900 } })
  const complaints = listenFor(page)
  await signUp(page)
  await page.goto('/billing')
  expect(await textOf(page, 'Payment method')).toContain('No payment method yet.')
  expect(await textOf(page, 'Billing address')).toContain('No billing address yet.')

  await choosePlan(page, 'Beginner', 'month')
  await payWith(page, '4242 4242 4242 4242')
  await page
    .getByText(/credits added/)
    .first()
    .waitFor()
  await expectSoon(page, /Expires 12\/2034/, '/billing')
  expect(await textOf(page, 'Payment method')).toContain('Visa •••• ending in 4242')
  expect(await textOf(page, 'Billing address')).toContain('Ada Lovelace 1 Main Street Springfield')
  expect(complaints()).toEqual([])

  await card(page, 'Payment method').getByRole('button', { name: 'Update card' }).click()
  await page.locator('[name="number"][value="4000000000000341"]').check()
  await page.getByRole('button', { name: 'Save card' }).click()
  await page.waitForURL(/\/billing\/card-saved/)
  await expectSoon(page, /0341/, '/billing')
  expect(await textOf(page, 'Payment method')).toContain('Visa •••• ending in 0341')
})

test.each([
  { name: '1280, dark', width: 1280, height: 900, colorScheme: 'dark' as const },
  { name: '390, light', width: 390, height: 844, colorScheme: 'light' as const },
])('the reading order of the billing page is its visual order at $name', async ({ width, height, colorScheme }) => {
  const page = await newPage({ viewport: { width, height }, colorScheme })
  await signUp(page)
  await choosePlan(page, 'Beginner', 'month')
  await payWith(page, '4242 4242 4242 4242')
  await page
    .getByText(/credits added/)
    .first()
    .waitFor()
  await expectSoon(page, /4242/, '/billing')

  const headings = await page.getByRole('main').getByRole('heading', { level: 2 }).all()
  const places = await Promise.all(
    headings.map(async (heading) => ({ text: await heading.innerText(), box: (await heading.boundingBox())! })),
  )
  expect(places.map(({ text }) => text)).toEqual([
    'Beginner',
    'Payment method',
    'Billing address',
    'Billing history',
    'Change plan',
    'Credit packs',
    expect.any(String) as string,
  ])
  for (const [index, { box }] of places.slice(1).entries()) {
    const before = places[index]!.box
    // Further right on the same line, or further down.
    const isSameLine = Math.abs(box.y - before.y) < 8
    expect(isSameLine ? box.x > before.x : box.y > before.y).toBe(true)
  }
  const isBeside = Math.abs(places[4]!.box.y - places[5]!.box.y) < 8
  expect(isBeside).toBe(width === 1280)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
  await expectFaultless(page)
})
