import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { choosePlan, payWith, signUp } from './steps.ts'

/*
 * A subscriber upgrades, schedules a downgrade, undoes it, cancels and resumes. Each page states the price
 * before anything happens.
 */
useBrowser()

describe.each([
  { name: 'with JavaScript', javaScriptEnabled: true },
  { name: 'without JavaScript', javaScriptEnabled: false },
])('a plan $name', ({ javaScriptEnabled }) => {
  test('a plan can be upgraded, scheduled for a downgrade, canceled and resumed', async () => {
    const page = await newPage({ javaScriptEnabled })
    await buyBeginner(page)

    await page.goto('/pricing')
    expect(await textOf(page)).toContain('Your plan')
    await page.getByRole('link', { name: 'Change to Daily' }).click()
    await isHeaded(page, 'Change to Daily')
    const preview = await textOf(page)
    expect(preview).toMatch(/Returned for unused time on Beginner, \d+ days\s+\$10\.00/)
    expect(preview).toContain('From ')
    await page.getByRole('button', { name: 'Pay $8.00 and change to Daily' }).click()
    await says(page, 'You are on Daily now.')
    expect(await page.getByRole('banner').innerText()).toContain('2,025')

    await choose(page, 'Beginner')
    expect(await textOf(page)).toContain('Nothing changes today and nothing is charged.')
    await page.getByRole('button', { name: /^Change to Beginner on / }).click()
    await says(page, /Your plan changes to Beginner on \d/)
    await page.goto('/dashboard')
    await says(page, /Your plan changes to Beginner on \d/)
    await says(page, 'Then Beginner: you pay $10.00, and 1,000 credits will be added.')
    await page.getByRole('button', { name: 'Undo' }).click()
    await says(page, 'Your Daily plan continues.')

    await page.getByRole('link', { name: 'Cancel Daily' }).click()
    await isHeaded(page, 'Cancel Daily')
    expect(await textOf(page)).toContain('You keep your 2,025 credits')
    await page.getByRole('button', { name: /^Cancel on / }).click()
    await says(page, /Daily ends on \d/)
    await page.getByRole('button', { name: 'Keep Daily' }).click()
    await says(page, /Your Daily plan continues\. The next payment is \$18\.00 on \d/)
  })
})

test('a confirmation shows only where it is true', async () => {
  const page = await newPage()
  await signUp(page)

  await page.goto('/billing?done=changed')

  expect(await textOf(page)).not.toContain('You are on')
})

test('a user without a plan is led to one from every page', async () => {
  const page = await newPage()
  await signUp(page)

  await page.goto('/billing/cancel')
  expect(new URL(page.url()).pathname).toBe('/billing')
  await page.goto('/billing/change?plan=Daily&interval=year')
  expect(new URL(page.url()).pathname).toBe('/pricing')
  expect(await textOf(page)).toContain('You chose Daily.')
})

const textOf = (page: Page) => page.getByRole('main').innerText()
const says = (page: Page, text: string | RegExp) => page.getByRole('main').getByText(text).first().waitFor()

/** The address changes a moment before the page does, so wait for the heading. */
const isHeaded = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor()

async function choose(page: Page, plan: string): Promise<void> {
  await page.locator(`input[name="plan"][value="${plan}"]`).check()
  await page.getByRole('button', { name: 'Review change' }).click()
  await isHeaded(page, `Change to ${plan}`)
}

async function buyBeginner(page: Page): Promise<void> {
  await signUp(page)
  await choosePlan(page, 'Beginner', 'month')
  await payWith(page, '4242 4242 4242 4242')
  // Without JavaScript the page reloads itself until they arrive.
  await says(page, /credits added/)
}
