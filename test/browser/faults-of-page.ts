import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Collects what a page logs: errors, React warnings, violations of the content security policy. */
export function listenFor(page: Page): () => string[] {
  const complaints: string[] = []
  page.on('console', (message) => {
    // The status of a refused form is no fault of the page.
    const isAnswer = /status of (4\d\d|503)/.test(message.text())
    if (['error', 'warning'].includes(message.type()) && !isAnswer) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  return () => complaints
}

/**
 * The text of a page without its code, in which null and negative numbers mean what they say, and without addresses: the random
 * letters of a token can be anything, such as NaN.
 */
export async function proseOf(page: Page): Promise<string> {
  const text = await page.locator('body').innerText()
  const code = await page.locator('code').allInnerTexts()
  return code.reduce((prose, part) => prose.replace(part, () => ''), text).replace(/https?:\/\/\S+/g, '')
}

/** Expects the current page to have no axe violation and no sideways scroll down to 320 pixels. */
export async function expectFaultless(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual(
    [],
  )
  expect(await proseOf(page)).not.toMatch(/undefined|NaN|Invalid Date|\bnull\b|\[object|(^|\s)-\d/)
  for (const narrow of [320, 640, 768]) {
    await page.setViewportSize({ width: narrow, height: 800 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(narrow)
  }
}
