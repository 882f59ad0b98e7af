import type { Page } from 'playwright-core'
import { fillCheckout, pressPay } from '#test/browser/checkout-form.ts'
import { PASSWORD } from './pictures.ts'

/** Signs up and buys a plan in the browser; `take` is called at each page on the way. */
export async function buyPlan(page: Page, take: (name: string) => Promise<void>): Promise<void> {
  await page.goto('/signup')
  await page.locator('[name="name"]').fill('Bea Buyer')
  await page.locator('[name="email"]').fill('buyer@scrip.test')
  await page.locator('[name="password"]').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL(/\/dashboard/)

  await page.goto('/pricing')
  await page.getByRole('button', { name: 'Get Beginner' }).click()
  await fillCheckout(page, { card: '4242 4242 4242 4242', name: 'Bea Buyer' })
  await take('sandbox-checkout')
  await pressPay(page)

  await page
    .getByText(/credits added/)
    .first()
    .waitFor()
  await take('billing-success')
  await page.goto('/billing/change?plan=Daily&interval=month')
  await take('billing-change')
}
