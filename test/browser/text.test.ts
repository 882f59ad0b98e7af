import { expect, test } from 'vitest'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { expectFaultless, listenFor } from './faults-of-page.ts'
import { signUp } from './steps.ts'

/* A text from the demo model: it streams, can be stopped, and continues when the customer leaves. */
useBrowser()

const LONG = Array.from({ length: 200 }, (_, n) => `word${n}`).join(' ')

test.each([
  { width: 1280, javaScriptEnabled: true },
  { width: 390, javaScriptEnabled: false },
])(
  'a text is written and kept, at $width pixels, JavaScript: $javaScriptEnabled',
  async ({ width, javaScriptEnabled }) => {
    const page = await newPage({ viewport: { width, height: 900 }, javaScriptEnabled })
    const complaints = listenFor(page)
    const main = page.getByRole('main')
    await signUp(page)
    await page.goto('/actions')
    await main.getByRole('link', { name: 'Text' }).click()
    await page.getByLabel('What should be written?').fill('Hello from the test')
    await page.getByRole('button', { name: /Spend/ }).first().click()
    await main.getByText(/^Done\./).waitFor()
    await main
      .getByText(/You wrote: Hello from the test/)
      .first()
      .waitFor()
    await main.getByRole('link', { name: 'Download text' }).waitFor()
    if (javaScriptEnabled) await expectFaultless(page)
    expect(complaints()).toEqual([])

    await page.goto('/runs')
    await main.getByRole('link', { name: /Text: Hello from the test/ }).click()
    await main.getByText(/Quoted \d+, held \d+, charged \d+/).waitFor()
    if (javaScriptEnabled) await expectFaultless(page)
    await main.getByRole('link', { name: 'Run again' }).click()
    expect(await page.getByLabel('What should be written?').inputValue()).toBe('Hello from the test')
  },
)

test('a text that is stopped keeps what was written; one whose page is left continues', async () => {
  const page = await newPage({ viewport: { width: 390, height: 844 } })
  const main = page.getByRole('main')
  await signUp(page)
  for (const isStopped of [true, false]) {
    await page.goto('/actions/text')
    await page.getByLabel('What should be written?').fill(LONG)
    await page.getByLabel('Longest answer (tokens)').fill('100')
    await page.getByRole('button', { name: /Spend/ }).first().click()
    await page.waitForURL(/run=/)
    await main.getByText(/used so far/).waitFor()
    if (isStopped) {
      await page.getByRole('button', { name: 'Stop' }).click()
      await main.getByText(/^You stopped it\./).waitFor()
      continue
    }
    const address = page.url()
    await page.goto('/dashboard')
    await page.waitForTimeout(6_000)
    await page.goto(address)
    await main.getByText(/^Done\./).waitFor()
  }
})
