import { randomUUID } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { launchBrowser } from '#test/setup/browser.ts'

const PASSWORD = 'a short sentence works'

/** Goes back in the history and reads the page, also where the browser shows a cached page for a moment. */
async function goBack(page: Page): Promise<string> {
  await page.goBack({ waitUntil: 'commit' })
  await page.waitForURL('**/login?redirectTo=*')
  return page.locator('body').innerText()
}

/** Signs up and opens two pages; returns the email address, which every page of an account shows. */
async function visitAccount(page: Page): Promise<string> {
  const email = `back-${randomUUID()}@example.com`
  await page.goto('/signup')
  await page.fill('[name=email]', email)
  await page.fill('[name=password]', PASSWORD)
  await page.click('button:has-text("Create account")')
  await page.waitForURL('**/dashboard')
  await page.goto('/billing')
  await page.goto('/usage')
  expect(await page.content()).toContain(email)
  return email
}

describe.each([
  ['a browser without a back-forward cache', {}],
  ['a browser with a back-forward cache', { ignoreDefaultArgs: ['--disable-back-forward-cache'] }],
])('after a log-out, Back shows nothing of the account in %s', (_, options) => {
  let browser: Browser

  beforeAll(async () => {
    browser = await launchBrowser(options)
  })
  afterAll(() => browser?.close())

  const visitor = async (javaScriptEnabled: boolean) => {
    const context = await browser.newContext({
      baseURL: inject('installation').url,
      javaScriptEnabled,
      locale: 'en-US',
    })
    context.setDefaultTimeout(15_000)
    return context.newPage()
  }

  test.each([
    ['with JavaScript', true],
    ['without JavaScript', false],
  ])('Back after a log-out shows nothing of the account, %s', async (_, javaScriptEnabled) => {
    const page = await visitor(javaScriptEnabled)
    const email = await visitAccount(page)
    await page.click('button:has-text("account menu")')
    await page.click('#account-menu button:has-text("Log out")')
    await page.waitForURL((url) => url.pathname === '/')

    const text = await goBack(page)
    expect(text).not.toContain(email)
    expect(text).not.toContain('Log out')
    await page.context().close()
  })

  test('Back shows nothing after a log-out in another window', async () => {
    const page = await visitor(true)
    const email = await visitAccount(page)
    await page.goto(inject('installation').sandboxUrl)
    await page.context().clearCookies()

    const text = await goBack(page)
    expect(text).not.toContain(email)
    expect(text).not.toContain('Log out')
    await page.context().close()
  })
})
