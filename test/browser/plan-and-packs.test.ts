import { describe, expect, test } from 'vitest'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { choosePlan, expectSoon, payWith, signUp } from './steps.ts'

useBrowser()

describe('a subscriber', () => {
  test('a subscriber buys a pack, reviews an upgrade, upgrades, cancels, and resumes', async () => {
    const page = await newPage()
    await signUp(page)
    await choosePlan(page, 'Beginner', 'month')
    await payWith(page, '4242 4242 4242 4242')
    await page
      .getByText(/credits added/)
      .first()
      .waitFor()

    await page.goto('/billing')
    await page.getByRole('button', { name: 'Buy for $6.00' }).click()
    await payWith(page, '4242 4242 4242 4242')
    await page
      .getByText(/credits added/)
      .first()
      .waitFor()
    await page.goto('/dashboard')
    expect(await page.getByRole('main').innerText()).toContain('1,525')

    await page.goto('/billing')
    await page.getByRole('radio', { name: /Creator/ }).check()
    await page.getByRole('button', { name: 'Review change' }).click()
    await page.getByText('You pay now').first().waitFor()
    const preview = await page.getByRole('main').innerText()
    // The whole month is left, except for the seconds that have passed.
    const [, now] = /You pay now\s+\$([\d.]+)/.exec(preview) ?? []
    expect(Number(now)).toBeGreaterThan(29.9)
    expect(Number(now)).toBeLessThanOrEqual(30)
    await page.getByRole('button', { name: /^Pay \$.*change to Creator/ }).click()
    await page.waitForURL((url) => !url.pathname.startsWith('/billing/change'))
    await page.goto('/dashboard')
    await expectSoon(page, /Creator/)
    await expectSoon(page, /5,5\d\d/)

    await page.goto('/billing')
    await page.getByRole('link', { name: 'Cancel Creator' }).click()
    await page.getByRole('button', { name: /^Cancel/ }).click()
    await page.waitForURL(/\/billing(\?.*)?$/)
    await expectSoon(page, /Ends/)
    await page.getByRole('button', { name: 'Keep Creator' }).first().click()
    await expectSoon(page, /Active/)
  })
})
