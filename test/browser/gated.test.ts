import type { Page } from 'playwright-core'
import { describe, expect, inject, test } from 'vitest'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { choosePlan, payWith, signUp } from './steps.ts'

/*
 * A page that needs a larger plan: it states which plan, its price and its credits, and the purchase
 * returns to it. /support/priority is such a page.
 */
useBrowser()

const CARD = '4242 4242 4242 4242'
const main = (page: Page) => page.getByRole('main')
const headed = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor()

describe.each([
  { name: 'with JavaScript', javaScriptEnabled: true },
  { name: 'without JavaScript', javaScriptEnabled: false },
])('a page of a larger plan $name', ({ javaScriptEnabled }) => {
  test('a user on Free sees what is needed and its price, buys it, and returns to the page', async () => {
    const page = await newPage({ javaScriptEnabled })
    await signUp(page)

    await page.goto('/support/priority')
    await headed(page, 'Priority support is part of Creator.')
    const offer = await main(page).innerText()
    expect(offer).toContain('$40.00')
    expect(offer).toContain('5,000 credits')
    await main(page).getByRole('link', { name: 'Get Creator' }).click()
    await page.getByRole('button', { name: 'Get Creator' }).click()
    await page.waitForURL((url) => url.href.startsWith(inject('installation').sandboxUrl))
    await payWith(page, CARD)
    await headed(page, '5,000 credits added.')
    await page.getByRole('link', { name: 'Continue where you left off' }).click()

    await headed(page, 'Priority support')
    expect(new URL(page.url()).pathname).toBe('/support/priority')
  })

  test('a user on a smaller plan sees the price of the change and returns to the page', async () => {
    const page = await newPage({ javaScriptEnabled })
    await signUp(page)
    await choosePlan(page, 'Beginner', 'month')
    await payWith(page, CARD)
    await main(page)
      .getByText(/credits added/)
      .first()
      .waitFor()

    await page.goto('/support/priority')
    await page.getByRole('link', { name: 'Change to Creator' }).click()
    await headed(page, 'Change to Creator')
    const sum = await main(page).getByRole('table').innerText()
    expect(sum).toMatch(/You pay now\s+\$30\.00\s+You get now\s+4,000/)
    await page.getByRole('button', { name: 'Pay $30.00 and change to Creator' }).click()

    await headed(page, 'Priority support')
  })
})

test('a support request sent twice by a double click without JavaScript is one request', async () => {
  const page = await newPage({ javaScriptEnabled: false })
  await signUp(page)
  await choosePlan(page, 'Creator', 'month')
  await payWith(page, CARD)
  await headed(page, '5,000 credits added.')
  const subject = `About my plan ${Date.now()}`

  await page.goto('/support/priority')
  await page.getByLabel('Subject').fill(subject)
  await page.getByLabel('Question').fill('What does a question cost, please?')
  const fields = await page.locator('form:has([name="question"])').evaluate((form: HTMLFormElement) => {
    return Object.fromEntries([...new FormData(form)] as [string, string][])
  })
  const answers = await Promise.all(
    [1, 2].map(() =>
      page.request.post('/support/priority', { form: fields, headers: { Origin: inject('installation').url } }),
    ),
  )

  for (const answer of answers) expect(await answer.text()).toContain('We received your question.')
  await page.goto('/mailbox')
  expect(await page.locator('article', { hasText: subject }).count()).toBe(1)
})

test('a signed-out visitor is sent to the log-in and then to the page', async () => {
  const page = await newPage()

  await page.goto('/support/priority')

  expect(new URL(page.url()).search).toBe('?redirectTo=%2Fsupport%2Fpriority')
})
