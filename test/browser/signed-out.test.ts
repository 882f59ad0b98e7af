import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { brand } from '#app/brand.mjs'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { mailTo } from './steps.ts'

useBrowser()

const PASSWORD = 'a short sentence works'
const newEmail = () => `user-${randomUUID()}@example.com`

/** What the browser reports: script errors and violations of the content security policy. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${page.url()}: ${message.text()}`)
  })
  return complaints
}

async function signUp(page: Page): Promise<string> {
  const email = newEmail()
  await page.goto('/signup')
  await page.fill('[name=email]', email)
  await page.fill('[name=password]', PASSWORD)
  await page.click('button:has-text("Create account")')
  await page.waitForURL('**/dashboard')
  return email
}

describe('the content security policy', () => {
  test('no page causes a violation of the policy (5.11)', async () => {
    const page = await newPage()
    const complaints = complaintsOf(page)
    const visit = async (paths: string[]) => {
      for (const path of paths) {
        await page.goto(path)
        await page.waitForLoadState('networkidle')
      }
    }
    await visit(['/', '/pricing', '/login', '/signup', '/forgot-password', '/reset-password', '/mailbox'])
    await signUp(page)
    await visit(['/dashboard', '/actions', '/usage', '/billing', '/logout'])
    await visit(['/settings', '/settings/password', '/settings/api-keys', '/settings/sessions'])

    expect(complaints).toEqual([])
  })
})

describe.each([
  ['with JavaScript', true],
  ['without JavaScript', false],
])('the signed-out pages %s', (_, javaScriptEnabled) => {
  test('a user can sign up, log out, reset the password, and log in again', async () => {
    const page = await newPage({ javaScriptEnabled })
    const email = await signUp(page)

    await page.goto('/logout')
    await page.click('main button:has-text("Log out")')
    await page.waitForURL((url) => url.pathname === '/')
    await page.goto('/dashboard')
    expect(page.url()).toContain('/login?redirectTo=%2Fdashboard')

    await page.goto('/forgot-password')
    await page.fill('[name=email]', email)
    await page.click('button:has-text("Send link")')
    await page.getByText('we sent a link').waitFor()
    const mail = await mailTo(page, email, `Reset your ${brand.name} password`)
    await mail.locator('a').click()
    await page.waitForURL('**/reset-password')
    await page.fill('[name=password]', 'another short sentence')
    await page.click('button:has-text("Set the password")')
    await page.getByText('Your password is changed.').waitFor()
    expect(new URL(page.url()).pathname).toBe('/dashboard')
  })

  test('errors stand beside their fields, and the input is kept', async () => {
    const page = await newPage({ javaScriptEnabled })
    await page.goto('/signup')
    await page.fill('[name=name]', 'Ada')
    await page.fill('[name=email]', 'ada')
    await page.click('button:has-text("Create account")')

    await page.locator('[role=alert]', { hasText: 'There are 2 problems' }).waitFor()
    expect(await page.locator('#email-error').textContent()).toContain('Enter an email')
    expect(await page.inputValue('[name=name]')).toBe('Ada')
    expect(await page.getAttribute('[name=email]', 'aria-invalid')).toBe('true')
  })
})
