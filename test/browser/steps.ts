import type { Locator, Page } from 'playwright-core'
import { inject } from 'vitest'
import { fillCheckout, pressPay } from './checkout-form.ts'

/* What a user does on the pages, step by step. */

export const PASSWORD = 'a short sentence works well'

let people = 0

export async function signUp(page: Page): Promise<void> {
  await page.goto('/signup')
  await fillSignUp(page)
  await page.waitForURL(/\/dashboard/)
}

export async function fillSignUp(page: Page): Promise<void> {
  await page.getByLabel('Email').fill(`person-${Date.now()}-${people++}@scrip.test`)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
}

export async function choosePlan(
  page: Page,
  plan: string,
  interval: string,
  sandboxUrl = inject('installation').sandboxUrl,
): Promise<void> {
  await page.goto(`/pricing?interval=${interval}`)
  await page.getByRole('button', { name: new RegExp(`Get ${plan}`) }).click()
  await page.waitForURL((url) => url.href.startsWith(sandboxUrl))
}

export async function payWith(page: Page, card: string): Promise<void> {
  await fillCheckout(page, { card, name: 'Ada Lovelace' })
  await pressPay(page)
}

export async function spendOnQrCode(page: Page, text: string): Promise<void> {
  await page.goto('/actions')
  await page
    .getByRole('link', { name: /QR code/ })
    .first()
    .click()
  await page.getByLabel(/Text/).first().fill(text)
  await page.getByRole('button', { name: /Spend 1 credit/ }).click()
  await page
    .getByText(/^Done\./)
    .first()
    .waitFor()
  await page.getByRole('img', { name: /QR/ }).first().waitFor()
}

/** Reloads until the mailbox has the mail, which is sent after the response that promises it. */
export async function mailTo(page: Page, address: string, subject: string): Promise<Locator> {
  const mail = page.locator('article', { hasText: address }).filter({ hasText: subject }).first()
  await page.goto('/mailbox')
  for (let look = 0; look < 30 && (await mail.count()) === 0; look++) {
    await page.waitForTimeout(1000)
    await page.reload()
  }
  return mail
}

/** Reloads until the page says it, because a webhook takes a moment. */
export async function expectSoon(page: Page, text: RegExp, path?: string): Promise<void> {
  if (path) await page.goto(path)
  for (let look = 0; look < 30; look++) {
    if (text.test(await page.locator('body').innerText())) return
    await page.waitForTimeout(1000)
    await page.reload()
  }
  throw new Error(`${text} did not appear at ${page.url()}`)
}
