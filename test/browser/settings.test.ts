import { expect, test } from 'vitest'
import { brand } from '#app/brand.mjs'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { expectFaultless } from './faults-of-page.ts'
import { mailTo, PASSWORD, signUp } from './steps.ts'

/* The settings pages, as a user works with them. */
useBrowser()

test('an API key is revoked from its table after a confirmation, and the page says so', async () => {
  const page = await newPage({ viewport: { width: 1280, height: 900 } })
  await signUp(page)
  await page.goto('/settings/api-keys', { waitUntil: 'networkidle' })
  await page.getByLabel('Name').fill('A nightly report with a rather long name, as people give')
  await page.getByRole('button', { name: 'Create key' }).click()
  await page.getByTestId('new-api-key').waitFor()
  const button = page.getByRole('button', { name: /^Revoke/ })
  const [frame, place] = await Promise.all([page.locator('.table-frame').boundingBox(), button.boundingBox()])

  expect(place!.x).toBeGreaterThan(frame!.x)
  expect(place!.x + place!.width).toBeLessThanOrEqual(frame!.x + frame!.width)
  await button.click()
  await page.getByRole('heading', { name: /^Revoke “A nightly report/ }).waitFor()
  await page.getByRole('button', { name: 'Revoke key' }).click()
  await page.getByText(/is revoked\. Programs that use it/).waitFor()
  await page.getByText('No API keys yet.').waitFor()
})

test('a key for reading is created and rotated by keyboard on a phone, and each page is faultless', async () => {
  const page = await newPage({ viewport: { width: 390, height: 844 } })
  await signUp(page)
  await page.goto('/settings/api-keys', { waitUntil: 'networkidle' })
  await page.getByLabel('Name').focus()
  await page.keyboard.type('Dashboard')
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  const first = await page.getByTestId('new-api-key').textContent()
  await page.getByRole('cell', { name: 'Dashboard' }).getByText('Read only').waitFor()
  await page.getByRole('cell', { name: /^Expires/ }).waitFor()
  expect(await page.getByLabel('Name').inputValue()).toBe('')
  expect(await page.getByLabel('Read and spend').isChecked()).toBe(true)
  expect(await page.getByLabel('Expiry').inputValue()).toBe('never')
  await expectFaultless(page)

  await page.setViewportSize({ width: 390, height: 844 })
  await page.getByRole('button', { name: 'Rotate Dashboard' }).press('Enter')
  await page.getByRole('heading', { name: 'Rotate “Dashboard”?' }).waitFor()
  await expectFaultless(page)
  await page.getByRole('button', { name: 'Rotate key' }).press('Enter')
  await page.getByText(/^Replaced, works until/).waitFor()
  // As wide as expectFaultless left it: the last column is in view.
  const frame = await page.locator('.table-frame').boundingBox()
  const revoke = await page.getByRole('button', { name: 'Revoke Dashboard' }).first().boundingBox()
  expect(revoke!.x + revoke!.width).toBeLessThanOrEqual(frame!.x + frame!.width)
  expect(await page.getByTestId('new-api-key').textContent()).not.toBe(first)
  expect(await page.getByRole('heading', { name: 'Rotate “Dashboard”?' }).count()).toBe(0)
  await expectFaultless(page)
})

test('a wrong and then a right password leave no error behind, and “Saved.” appears once', async () => {
  const page = await newPage()
  await signUp(page)
  await page.goto('/settings/password', { waitUntil: 'networkidle' })
  const attempt = async (current: string) => {
    await page.getByLabel('Current password', { exact: true }).fill(current)
    await page.getByLabel('New password', { exact: true }).fill(`${PASSWORD} and on`)
    await page.getByRole('button', { name: 'Save' }).click()
  }
  await attempt('not the right one')
  await page.getByRole('alert').getByText('That is not your current password.').waitFor()
  expect(await page.title()).toBe(`Error: Password · ${brand.name}`)

  await attempt(PASSWORD)
  await page.getByText('Saved.').waitFor()
  expect(await page.getByText('That is not your current password.').count()).toBe(0)
  expect(await page.getByText('Saved.').count()).toBe(1)
  expect(await page.title()).toBe(`Password · ${brand.name}`)
  expect(await page.getByLabel('New password', { exact: true }).inputValue()).toBe('')

  await attempt('wrong again')
  await page.getByRole('alert').getByText('That is not your current password.').waitFor()
  expect(await page.getByText('Saved.').count()).toBe(0)
})

test('a rejected profile that is then saved shows only that it is saved', async () => {
  const page = await newPage()
  await signUp(page)
  await page.goto('/settings', { waitUntil: 'networkidle' })
  await page.getByLabel('Name').fill('x'.repeat(300))
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('alert').waitFor()
  await page.getByLabel('Name').fill('Ada')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()

  expect(await page.getByRole('alert').count()).toBe(0)
  expect(await page.getByText('Saved.').count()).toBe(1)
  expect(await page.title()).toBe(`Profile · ${brand.name}`)
})

test.each(['Asia/Calcutta', 'Europe/Kiev', 'America/New_York'])(
  'a new account takes the time zone of its browser (%s)',
  async (timezoneId) => {
    const page = await newPage({ timezoneId })
    await page.goto('/signup', { waitUntil: 'networkidle' })
    const zone = await page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone)
    await signUp(page)
    await page.goto('/settings')

    expect(await page.getByLabel('Time zone').inputValue()).toBe(zone)
  },
)

test('a new user confirms the address from the mailbox, and the reminder disappears', async () => {
  const page = await newPage({ viewport: { width: 390, height: 844 } })
  await signUp(page)
  await page.getByRole('complementary', { name: 'Email confirmation' }).waitFor()
  await page.getByRole('link', { name: 'Confirm it' }).click()
  await page.getByRole('heading', { name: 'Check your email' }).waitFor()
  await expectFaultless(page)
  const address = await page.locator('main strong').innerText()
  await page.getByRole('link', { name: 'mailbox' }).click()
  await page.getByRole('heading', { name: 'Mailbox' }).waitFor()
  const mail = await mailTo(page, address, 'Confirm your email address')
  await mail.getByRole('link', { name: /verify-email/ }).click()
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.getByRole('heading', { name: 'Your email is confirmed' }).waitFor()
  await page.getByRole('link', { name: 'Go to Overview' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()

  expect(await page.getByRole('complementary', { name: 'Email confirmation' }).count()).toBe(0)
})
