import type { Page } from 'playwright-core'
import { expect, test, vi } from 'vitest'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { expectFaultless, listenFor } from './faults-of-page.ts'
import { choosePlan, payWith, signUp } from './steps.ts'

/*
 * The billing pages with the keyboard alone, and what a screen reader announces.
 */
// Many steps each, with Stripe's own retries among them.
vi.setConfig({ testTimeout: 150_000 })
useBrowser()

const STOPS_MAX = 60

/** Presses Tab until the focus is on the element with this accessible name. */
async function tabTo(page: Page, role: 'button' | 'link' | 'radio', name: string | RegExp): Promise<void> {
  const wanted = page.getByRole('main').getByRole(role, { name }).first()
  await wanted.waitFor()
  for (let stop = 0; stop < STOPS_MAX; stop++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) {
      expect(await wanted.evaluate(ringOf), String(name)).toBe('2px')
      return
    }
    await page.keyboard.press('Tab')
  }
  throw new Error(`No ${STOPS_MAX} presses of Tab lead to the ${role} ${name}`)
}

/** Runs in the page. A radio's focus ring is drawn around its whole card. */
function ringOf(element: Element): string {
  const shown = element.matches('input[type="radio"]') ? element.closest('label')! : element
  return getComputedStyle(shown).outlineWidth
}

const isHeaded = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor()
const says = (page: Page, text: string | RegExp) => page.getByRole('main').getByText(text).first().waitFor()

test('a plan can be changed, canceled with a reason and resumed by keyboard', async () => {
  const page = await newPage()
  await signUp(page)
  await choosePlan(page, 'Beginner', 'month')
  await payWith(page, '4242 4242 4242 4242')
  await says(page, /credits added/)
  const complaints = listenFor(page)

  await page.goto('/billing', { waitUntil: 'networkidle' })
  await tabTo(page, 'radio', /^Beginner/)
  await page.keyboard.press('ArrowDown')
  await tabTo(page, 'button', 'Review change')
  await page.keyboard.press('Enter')

  await isHeaded(page, 'Change to Daily')
  // After a navigation the focus is at the start of the page, so that Tab reaches everything.
  await page.waitForFunction(() => document.activeElement?.id === 'main')
  await expectFaultless(page)
  await page.setViewportSize({ width: 1280, height: 900 })
  await tabTo(page, 'button', 'Pay $8.00 and change to Daily')
  await page.keyboard.press('Enter')
  await says(page, 'You are on Daily now.')

  await tabTo(page, 'link', 'Cancel Daily')
  await page.keyboard.press('Enter')
  await isHeaded(page, 'Cancel Daily')
  await expectFaultless(page)
  await page.setViewportSize({ width: 1280, height: 900 })
  await tabTo(page, 'radio', 'It costs too much')
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowDown')
  expect(await page.getByRole('radio', { name: 'I do not use it enough' }).isChecked()).toBe(true)
  await tabTo(page, 'button', /^Cancel on/)
  await page.keyboard.press('Enter')
  await says(page, /Daily ends on \d/)

  await tabTo(page, 'button', 'Keep Daily')
  await page.keyboard.press('Space')
  await says(page, /Your Daily plan continues\./)
  expect(complaints()).toEqual([])
})

test('a pack can be bought and a grant viewed by keyboard', async () => {
  const page = await newPage()
  await signUp(page)

  await page.goto('/billing', { waitUntil: 'networkidle' })
  await tabTo(page, 'link', /^Welcome credits/)
  await page.keyboard.press('Enter')
  await isHeaded(page, /^Welcome credits/)
  await page.getByRole('main').locator('summary').first().focus()
  await page.keyboard.press('Enter')
  await says(page, 'sys:welcome')

  await page.goto('/billing', { waitUntil: 'networkidle' })
  await tabTo(page, 'button', /^Buy for \$6\.00 ?, 500 credits$/)
  await page.keyboard.press('Enter')
  await page.waitForURL(/cs_test_/)
})

test('the page of a grant shows its usage and links to its invoice, without JavaScript', async () => {
  const page = await newPage({ javaScriptEnabled: false })
  await signUp(page)
  await page.goto('/billing')
  await page.getByRole('button', { name: 'Buy for $6.00' }).click()
  await payWith(page, '4242 4242 4242 4242')
  await says(page, /credits added/)
  for (let count = 0; count < 2; count++) {
    await page.goto('/actions/qr-code')
    await page.getByLabel(/Text/).first().fill(`number ${count}`)
    await page.getByRole('button', { name: /Spend 1 credit/ }).click()
    await says(page, /^Done\./)
  }

  await page.goto('/billing')
  await page.getByRole('link', { name: /^Welcome credits/ }).click()
  const welcome = await page.getByRole('main').innerText()
  expect(welcome).toMatch(/23\s+of 25 credits left/)
  expect(await page.getByRole('table').last().locator('tbody tr').count()).toBe(3)

  await page.goto('/billing')
  await page.getByRole('link', { name: 'View credit history' }).click()
  await page.getByRole('link', { name: /^Pack of 500/ }).click()
  const pack = page.getByRole('main')
  expect(await pack.innerText()).toMatch(/Payment\s+Paid \$6\.00/)
  expect(await pack.getByRole('link', { name: /^Receipt of Pack of 500/ }).getAttribute('href')).toMatch(/^http/)

  const stranger = await newPage()
  await signUp(stranger)
  const answer = await stranger.goto(new URL(page.url()).pathname)
  expect(answer?.status()).toBe(404)
})
