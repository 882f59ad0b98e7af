import { describe, expect, test } from 'vitest'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { signUp, spendOnQrCode } from './steps.ts'

useBrowser()

describe('the usage page', () => {
  test('the chart can be read with the arrow keys and as a table', async () => {
    const page = await newPage()
    await signUp(page)
    await spendOnQrCode(page, 'a text')
    await page.goto('/usage', { waitUntil: 'networkidle' })

    await page.getByRole('group', { name: /^Chart/ }).focus()
    await page.keyboard.press('End')
    await page.getByText(/: spent 1, added 25$/).waitFor()
    await page.keyboard.press('ArrowLeft')
    await page.getByText(/: nothing$/).waitFor()

    await page.getByText('Show as a table').click()
    const today = page.getByRole('table', { name: 'The last 30 days' }).getByRole('row').last()
    expect(await today.getByRole('cell').allInnerTexts()).toEqual(['1', '25', '0'])
  })

  test('the page can be filtered by action without JavaScript', async () => {
    const page = await newPage({ javaScriptEnabled: false })
    await signUp(page)
    await spendOnQrCode(page, 'a text')
    await page.goto('/usage')

    await page.locator('details.filters summary').click()
    await page.getByLabel('Action', { exact: true }).selectOption('QR code')
    await page.getByRole('button', { name: 'Apply' }).click()

    await page.getByText(/^Showing 1 entry/).waitFor()
    expect(new URL(page.url()).searchParams.get('action')).toBe('qr-code')
  })

  test.each([
    [1280, 1],
    [390, 5],
  ])('the filter at %i pixels shows its controls complete on %i line(s)', async (width, lines) => {
    const page = await newPage({ viewport: { width, height: 900 } })
    await signUp(page)
    await page.goto('/usage?kind=granted', { waitUntil: 'networkidle' })

    const boxes = await page.locator('.filters :is(.input, .button)').evaluateAll((all) =>
      all.map((one) => {
        const { top, bottom, right } = one.getBoundingClientRect()
        return { top, bottom, right, isClipped: one.scrollWidth > one.clientWidth }
      }),
    )

    expect(boxes).toHaveLength(6)
    expect(new Set(boxes.map(({ bottom }) => Math.round(bottom))).size).toBe(lines)
    expect(boxes.filter(({ right, isClipped }) => right > width || isClipped)).toEqual([])
  })
})
