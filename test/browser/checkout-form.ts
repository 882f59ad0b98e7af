import type { Page } from 'playwright-core'

/** Fills in the form of the sandbox's checkout without submitting it. */
export async function fillCheckout(page: Page, { card, name }: { card: string; name: string }): Promise<void> {
  await page.locator('[name="number"]').fill(card)
  await page.locator('[name="expiry"]').fill('12 / 34')
  await page.locator('[name="cvc"]').fill('123')
  await page.locator('[name="name"]').fill(name)
  await page.locator('[name="country"]').selectOption('US')
  await page.locator('[name="line1"]').fill('1 Main Street')
  await page.locator('[name="city"]').fill('Springfield')
  await page.locator('[name="postal_code"]').fill('12345')
}

export async function pressPay(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Pay \$/ }).click()
}
