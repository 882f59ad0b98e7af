import { describe, expect, inject, test } from 'vitest'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { choosePlan, expectSoon, fillSignUp, payWith, signUp, spendOnQrCode } from './steps.ts'

/*
 * The main journey of a user: sign up, pick a plan, pay, see plan, credits and history, spend, see the ledger.
 */
useBrowser()

describe('a new user', () => {
  test.each([
    { plan: 'Beginner', interval: 'month', credits: '1,025', paid: '$10.00' },
    { plan: 'Creator', interval: 'year', credits: '60,025', paid: '$400.00' },
  ])('a new user buys $plan by the $interval and spends a credit', async ({ plan, interval, credits, paid }) => {
    const page = await newPage()
    await signUp(page)
    await choosePlan(page, plan, interval)
    await payWith(page, '4242 4242 4242 4242')

    await page.waitForURL(/\/billing\/success/)
    await page
      .getByText(/credits added/)
      .first()
      .waitFor()
    await page.goto('/dashboard')
    const main = page.getByRole('main')
    await main.getByText(plan).first().waitFor()
    expect(await main.innerText()).toContain(credits)
    const history = page.getByRole('table').first()
    expect(await history.locator('tbody tr').count()).toBe(1)
    expect(await history.innerText()).toContain(paid)
    expect(await history.innerText()).toContain('Paid')

    await spendOnQrCode(page, 'https://example.com')
    await page.goto('/usage')
    const usage = await page.getByRole('main').innerText()
    expect(usage).toContain('−1')
    const user = await page.evaluate(async () => (await fetch('/api/user')).json() as Promise<Account>)
    expect(user.user.plan).toBe(plan)
    expect(user.credits).toBe(Number(credits.replace(',', '')) - 1)
    expect(user.billingHistory).toHaveLength(1)
  })

  test('a new user can do all of it without JavaScript', async () => {
    const page = await newPage({ javaScriptEnabled: false })
    await signUp(page)
    await choosePlan(page, 'Daily', 'month')
    await payWith(page, '4242 4242 4242 4242')

    await page.waitForURL(/\/billing\/success/)
    await expectSoon(page, /credits added/)
    await page.goto('/dashboard')
    expect(await page.getByRole('main').innerText()).toContain('2,025')
    await spendOnQrCode(page, 'no script needed')
  })

  test('a declined card is reported, and another card pays', async () => {
    const page = await newPage()
    await signUp(page)
    await choosePlan(page, 'Beginner', 'month')
    await payWith(page, '4000 0000 0000 0002')
    await page
      .getByText(/declined/i)
      .first()
      .waitFor()
    expect(page.url()).toContain(inject('installation').sandboxUrl)

    await payWith(page, '4242 4242 4242 4242')

    await page.waitForURL(/\/billing\/success/)
    await page
      .getByText(/credits added/)
      .first()
      .waitFor()
  })

  test('a visitor without an account returns to the chosen plan after sign-up', async () => {
    const page = await newPage()
    await page.goto('/pricing')
    await page.getByRole('button', { name: /Get Beginner/ }).click()
    await page.waitForURL(/\/signup/)
    await fillSignUp(page)

    await page.waitForURL(/\/pricing/)
    await page.getByRole('button', { name: 'Get Beginner' }).click()
    await page.waitForURL((url) => url.href.startsWith(inject('installation').sandboxUrl))
  })
})

interface Account {
  user: { plan: string }
  credits: number
  billingHistory: unknown[]
}
