import { expect, inject, test } from 'vitest'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { expectFaultless, listenFor } from './faults-of-page.ts'
import { expectSoon, payWith, signUp } from './steps.ts'

useBrowser()

test.each([true, false])(
  'a receipt can be read as text and as HTML, and its link works; JavaScript: %s',
  async (on) => {
    const page = await newPage({ javaScriptEnabled: on })
    await signUp(page)
    const email = await page
      .getByText(/^Signed in as /)
      .first()
      .textContent()
    const address = email?.replace('Signed in as ', '') ?? ''
    // Twice, because a mailbox usually has several mails with one subject.
    for (let bought = 0; bought < 2; bought++) {
      await page.goto('/billing')
      await page.getByRole('button', { name: 'Buy for $22.00' }).click()
      await payWith(page, '4242 4242 4242 4242')
      await page.waitForURL(/\/billing\/success/)
    }
    const complaints = listenFor(page)

    const receipt = `Your payment of \\$22\\.00\\s+To ${address.replaceAll('.', '\\.')}`
    await expectSoon(page, new RegExp(`${receipt}[\\s\\S]*${receipt}`), '/mailbox')
    const mail = page.locator('article', { hasText: address }).filter({ hasText: 'Your payment of $22.00' }).first()
    expect(await mail.innerText()).toContain('2,000 credits were added to your balance.')
    // Before the HTML is opened: its frame runs no scripts, so axe would wait there until the test times out.
    if (on) await expectFaultless(page)
    await mail.getByRole('link', { name: 'HTML' }).click()
    const html = mail.frameLocator('iframe')
    await html.getByRole('heading', { name: 'Your payment of $22.00' }).waitFor()
    // Inline styles work in the frame, although the policy of the pages forbids them.
    expect(await html.locator('main').evaluate((sheet) => getComputedStyle(sheet).maxWidth)).toBe('560px')
    expect(complaints()).toEqual([])
    await html.getByRole('link').first().click()

    await page.waitForURL((url) => url.href.startsWith(inject('installation').sandboxUrl) || /dashboard/.test(url.href))
  },
  120_000,
)
