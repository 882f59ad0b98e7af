import type { Page } from 'playwright-core'
import { expect, test, vi } from 'vitest'
import { brand } from '#app/brand.mjs'
import { useBrowser } from '#test/setup/browser.ts'
import { expectFaultless } from './faults-of-page.ts'
import { choosePlan, payWith } from './steps.ts'
import { useStripeControls } from './stripe-controls.ts'

/*
 * Stripe does not answer: each page says so, nothing is half done, and the same button works once Stripe is back.
 */
// Many steps each, with Stripe's own retries among them.
vi.setConfig({ testTimeout: 150_000 })
useBrowser()
const stripe = useStripeControls()

const AWAY = 'The payment service is not responding. Try again in a moment; nothing is charged twice.'
const main = (page: Page) => page.getByRole('main')
const away = (match: string) => stripe.break({ api: [{ failure: 503, match }] })

async function isAway(page: Page): Promise<void> {
  await main(page).getByRole('alert').getByText(AWAY).waitFor()
  await expectFaultless(page)
}

async function subscriber(): Promise<Page> {
  const page = await stripe.newPerson()
  await choosePlan(page, 'Beginner', 'month', stripe.installation.sandboxUrl)
  await payWith(page, '4242 4242 4242 4242')
  await main(page)
    .getByText(/credits added/)
    .waitFor()
  return page
}

const atStripe = (page: Page) => page.waitForURL((url) => url.href.startsWith(stripe.installation.sandboxUrl))

test('the checkout of a plan or pack says that Stripe does not answer, and works on the next try', async () => {
  const page = await stripe.newPerson()
  await away('POST /v1/checkout/sessions')

  await page.goto('/pricing')
  await page.getByRole('button', { name: 'Get Beginner' }).click()
  await isAway(page)
  await page.goto('/billing')
  await page.getByRole('button', { name: 'Buy for $6.00' }).click()
  await isAway(page)

  await stripe.heal()
  await page.getByRole('button', { name: 'Buy for $6.00' }).click()
  await atStripe(page)
})

test('the checkout gives the same page without JavaScript', async () => {
  const page = await stripe.newPerson({ javaScriptEnabled: false })
  await away('POST /v1/checkout/sessions')

  await page.goto('/pricing')
  await page.getByRole('button', { name: 'Get Beginner' }).click()

  await main(page).getByText(AWAY).waitFor()
  await stripe.heal()
  await page.getByRole('button', { name: 'Get Beginner' }).click()
  await atStripe(page)
})

test('a plan change says that Stripe does not answer, and neither the preview nor the change is half done', async () => {
  const page = await subscriber()
  await away('POST /v1/invoices/create_preview')
  await page.goto('/billing/change?plan=Daily&interval=month')
  await main(page).getByText(`${brand.name} is temporarily unavailable.`).waitFor()
  await expectFaultless(page)

  await stripe.heal()
  await page.getByRole('link', { name: 'Try again' }).click()
  const change = page.getByRole('button', { name: 'Pay $8.00 and change to Daily' })
  await change.waitFor()
  await away('POST /v1/subscriptions/')
  await change.click()
  await isAway(page)
  await stripe.heal()
  await page.goto('/billing')
  expect(
    await main(page)
      .getByRole('radio', { name: /Beginner/ })
      .isChecked(),
  ).toBe(true)

  await page.goto('/billing/change?plan=Daily&interval=month')
  await page.getByRole('button', { name: 'Pay $8.00 and change to Daily' }).click()
  await main(page).getByText('You are on Daily now.').waitFor()
  expect(await page.getByRole('banner').innerText()).toContain('2,025')
})

test('the portal says that Stripe does not answer, also from the link in a mail', async () => {
  const page = await stripe.newPerson()
  await away('POST /v1/billing_portal/sessions')
  await page.goto('/billing/update-card')
  await main(page).getByText(`${brand.name} is temporarily unavailable.`).waitFor()
  await stripe.heal()
  await page.getByRole('link', { name: 'Try again' }).click()
  await atStripe(page)

  await away('POST /v1/billing_portal/sessions')
  await page.goto('/billing')
  await page.getByRole('button', { name: 'Add billing address' }).click()
  await isAway(page)
})

test('a cancellation and its undo say that Stripe does not answer, and work on the next try', async () => {
  const page = await subscriber()
  await away('POST /v1/subscriptions/')
  await page.goto('/billing/cancel')
  await page.getByRole('button', { name: /^Cancel on/ }).click()
  await isAway(page)
  await stripe.heal()
  await page.getByRole('button', { name: /^Cancel on/ }).click()
  await main(page)
    .getByText(/Beginner ends on/)
    .first()
    .waitFor()

  await away('POST /v1/subscriptions/')
  await page.getByRole('button', { name: 'Keep Beginner' }).click()
  await isAway(page)
  await stripe.heal()
  await page.getByRole('button', { name: 'Keep Beginner' }).click()
  await main(page)
    .getByText(/Your Beginner plan continues\./)
    .first()
    .waitFor()
})

test('read-only pages work without Stripe', async () => {
  const page = await subscriber()
  await stripe.break({ api: [{ failure: 'timeout' }] })

  for (const path of [
    '/dashboard',
    '/billing',
    '/billing/credits',
    '/usage',
    '/actions',
    '/pricing',
    '/billing/cancel',
  ]) {
    const answer = await page.goto(path)
    expect(answer?.status(), path).toBe(200)
  }
})

test.each([true, false])(
  'the link in the failed-payment mail leads to the portal after the log-in, JavaScript: %s',
  async (on) => {
    const person = await stripe.newPerson()
    const email = await emailOf(person)
    const page = await stripe.newPage({ javaScriptEnabled: on })

    await page.goto('/billing/update-card')
    expect(new URL(page.url()).pathname).toBe('/login')
    await page.getByLabel('Email').fill(email)
    await page.getByLabel('Password', { exact: true }).fill('a short sentence works well')
    await page.getByRole('button', { name: 'Log in' }).click()

    await atStripe(page)
    expect(await page.locator('body').innerText()).toMatch(/card/i)
  },
)

async function emailOf(page: Page): Promise<string> {
  const { user } = await page.evaluate(
    async () => (await (await fetch('/api/user')).json()) as { user: { email: string } },
  )
  return user.email
}
