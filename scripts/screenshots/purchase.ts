import type { Page } from 'playwright-core'
import { PASSWORD } from './pictures.ts'

/** Signs up and buys a plan as a person does; `take` is called at each page on the way. */
export async function buyPlan(page: Page, take: (name: string) => Promise<void>): Promise<void> {
  await page.goto('/signup')
  await page.locator('[name="name"]').fill('Bea Buyer')
  await page.locator('[name="email"]').fill('buyer@scrip.test')
  await page.locator('[name="password"]').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.waitForURL(/\/dashboard/)

  await page.goto('/pricing')
  await page.getByRole('button', { name: 'Get Beginner' }).click()
  await page.locator('[name="number"]').fill('4242 4242 4242 4242')
  await page.locator('[name="expiry"]').fill('12 / 34')
  await page.locator('[name="cvc"]').fill('123')
  await page.locator('[name="name"]').fill('Bea Buyer')
  await page.locator('[name="country"]').selectOption('US')
  await page.locator('[name="line1"]').fill('1 Main Street')
  await page.locator('[name="city"]').fill('Springfield')
  await page.locator('[name="postal_code"]').fill('12345')
  await take('sandbox-checkout')
  await page.getByRole('button', { name: /^Pay \$/ }).click()

  await page
    .getByText(/credits added/)
    .first()
    .waitFor()
  await take('billing-success')
  await page.goto('/billing/change?plan=Daily&interval=month')
  await take('billing-change')
}
