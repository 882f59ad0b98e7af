import { gzipSync } from 'node:zlib'
import type { BrowserContextOptions } from 'playwright-core'
import { describe, expect, inject, test } from 'vitest'
import { brand } from '#app/brand.mjs'
import { newContext, newPage, useBrowser } from '#test/setup/browser.ts'
import { expectFaultless, listenFor, proseOf } from './faults-of-page.ts'
import { stateOf } from './people.ts'

/*
 * What a machine can check of the look; docs/screenshots has the pictures.
 */
useBrowser()

const PUBLIC = [
  '/',
  '/pricing',
  '/pricing?interval=year',
  '/login',
  '/signup',
  '/forgot-password',
  '/support',
  '/docs/api',
  '/nowhere',
]
const SIGNED_IN = [
  '/dashboard',
  '/actions',
  '/actions/qr-code',
  '/usage',
  '/billing',
  '/billing/credits',
  '/billing/credits/g%3Asys%3Awelcome',
  '/billing/success?session_id=cs_none',
  '/billing/upgrade?feature=prioritySupport&action=qr-code',
  '/settings',
  '/settings/password',
  '/settings/api-keys',
  '/settings/spending',
  '/billing/top-up',
  '/runs',
  '/actions/text',
  '/settings/sessions',
]

/** The demo user's cookies. */
function demoState() {
  const { email, password } = inject('installation').demo
  return stateOf(email, password)
}

const optionsFor = async (path: string, more: BrowserContextOptions): Promise<BrowserContextOptions> =>
  SIGNED_IN.includes(path) ? { ...more, storageState: await demoState() } : more

const allPages = [...PUBLIC, ...SIGNED_IN]

// Each theme and each width once: colors do not depend on the width.
describe.each([
  { name: 'dark at 1280', width: 1280, height: 900, colorScheme: 'dark' as const },
  { name: 'light at 390', width: 390, height: 844, colorScheme: 'light' as const },
])('every page in the theme and size $name', ({ width, height, colorScheme }) => {
  test.each(allPages)(
    '%s has no axe violation, a quiet console, and no sideways scroll down to 320 pixels',
    async (path) => {
      const page = await newPage(await optionsFor(path, { viewport: { width, height }, colorScheme }))
      const complaints = listenFor(page)

      await page.goto(path, { waitUntil: 'networkidle' })

      await expectFaultless(page)
      expect(complaints()).toEqual([])
    },
  )
})

test.each(allPages)('%s has one h1, its own title, no style attribute and no stray value in its text', async (path) => {
  const page = await newPage(await optionsFor(path, { javaScriptEnabled: false }))

  const response = await page.goto(path)
  const html = (await response?.text()) ?? ''

  expect(html.match(/<h1[\s>]/g)).toHaveLength(1)
  expect(await page.title()).toMatch(new RegExp(`^.+ · ${brand.name}$|^${brand.name}: `))
  expect(html).not.toMatch(/\sstyle="/)
  expect(await proseOf(page)).not.toMatch(/undefined|NaN|Invalid Date|\bnull\b|\[object|(^|\s)-\d/)
})

test('every page has a title of its own', async () => {
  const page = await newPage({ storageState: await demoState() })
  const titles: string[] = []
  for (const path of ['/', '/pricing', '/docs/api', ...SIGNED_IN]) {
    await page.goto(path)
    titles.push(await page.title())
  }

  expect(new Set(titles).size).toBe(titles.length)
})

describe('the weight of a page', () => {
  test.each(['/', '/pricing', '/dashboard', '/billing', '/usage', '/actions/qr-code', '/settings', '/docs/api'])(
    '%s stays within its budget and loads nothing from other hosts',
    async (path) => {
      const page = await newPage(await optionsFor(path, {}))
      const sent = { script: 0, stylesheet: 0, font: 0, fonts: 0 }
      const strangers: string[] = []
      const done: Promise<void>[] = []
      page.on('response', (response) => {
        const type = response.request().resourceType()
        if (!response.url().startsWith(inject('installation').url)) strangers.push(response.url())
        if (type !== 'script' && type !== 'stylesheet' && type !== 'font') return
        done.push(
          response.body().then((body) => {
            if (type === 'font') sent.fonts++
            sent[type] += type === 'font' ? body.length : gzipSync(body, { level: 9 }).length
          }),
        )
      })

      await page.goto(path, { waitUntil: 'networkidle' })
      await Promise.all(done)

      expect(sent.script).toBeLessThanOrEqual(115 * 1024)
      expect(sent.stylesheet).toBeLessThanOrEqual(15 * 1024)
      expect(sent.fonts).toBe(2)
      expect(sent.font).toBeLessThanOrEqual(64_000)
      expect(strangers).toEqual([])
    },
  )
})

describe('layout shifts', () => {
  test.each(['/', '/pricing', '/dashboard', '/billing', '/usage'])('%s does not shift while it loads', async (path) => {
    const page = await newPage(await optionsFor(path, {}))
    await page.addInitScript(observeShifts)

    await page.goto(path, { waitUntil: 'networkidle' })

    expect(await page.evaluate(() => window.layoutShift)).toBeLessThanOrEqual(0.02)
  })

  test('switching the prices to yearly moves nothing', async () => {
    const page = await newPage()
    await page.goto('/pricing', { waitUntil: 'networkidle' })
    const places = () =>
      page
        .locator('main h2, main .button, main table')
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top))
    const before = await places()

    await page.getByLabel(/^Yearly/).check()
    await page.getByText('$180').waitFor()

    expect(page.url()).toContain('interval=year')
    expect(await places()).toEqual(before)
  })

  test('an error below a field moves nothing below it', async () => {
    const page = await newPage()
    await page.goto('/login', { waitUntil: 'networkidle' })
    const gap = () =>
      page.evaluate(() => {
        const top = (selector: string) => document.querySelector(selector)!.getBoundingClientRect().top
        return top('[name="password"]') - top('[name="email"]')
      })
    const before = await gap()

    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('alert').waitFor()

    expect(await gap()).toBe(before)
    expect(await page.title()).toMatch(/^Error: /)
  })
})

describe('the theme', () => {
  test('a theme can be chosen without JavaScript, is kept, and is in the first HTML', async () => {
    const page = await newPage({ javaScriptEnabled: false })
    await page.goto('/pricing?interval=year')

    await page.getByRole('button', { name: 'Dark' }).click()

    expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/pricing?interval=year')
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
    const html = await (await page.goto('/'))?.text()
    expect(html).toMatch(/<html[^>]*data-theme="dark"/)
  })

  test('the theme follows the device until one is chosen', async () => {
    const ground = async (colorScheme: 'light' | 'dark') => {
      const page = await newPage({ colorScheme })
      await page.goto('/')
      return page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    }

    expect(await ground('light')).not.toBe(await ground('dark'))
  })
})

describe('the keyboard', () => {
  test('the first tab stop skips to the content', async () => {
    const page = await newPage()
    await page.goto('/pricing', { waitUntil: 'networkidle' })

    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to content')
    await page.keyboard.press('Enter')

    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main')
  })

  test('the account menu opens, closes on Escape and returns the focus', async () => {
    const page = await newPage({ storageState: await demoState() })
    await page.goto('/dashboard', { waitUntil: 'networkidle' })
    const button = page.getByRole('button', { name: /account menu/ })

    await button.press('Enter')
    await page.getByRole('button', { name: 'Log out' }).waitFor()
    await page.keyboard.press('Escape')

    expect(await page.locator('#account-menu').isVisible()).toBe(false)
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true)
  })

  test('every tab stop has a visible focus ring', async () => {
    const page = await newPage()
    await page.goto('/pricing', { waitUntil: 'networkidle' })
    for (let stop = 0; stop < 12; stop++) {
      await page.keyboard.press('Tab')
      const width = await page.evaluate(() => {
        const focused = document.activeElement!
        // A radio's focus ring is drawn around its whole card.
        const shown = focused.matches('input[type="radio"]') ? focused.closest('label')! : focused
        return getComputedStyle(shown).outlineWidth
      })
      expect(width).toBe('2px')
    }
  })
})

test('a double click buys once', async () => {
  const context = await newContext({ storageState: await demoState() })
  const page = await context.newPage()
  const checkouts = new Set<string>()
  page.on('framenavigated', (frame) => {
    if (frame.url().startsWith(inject('installation').sandboxUrl)) checkouts.add(frame.url())
  })
  await page.goto('/pricing', { waitUntil: 'networkidle' })

  await page.getByRole('button', { name: 'Get Beginner' }).dblclick()
  await page.waitForURL((url) => url.href.startsWith(inject('installation').sandboxUrl))

  expect(checkouts.size).toBe(1)
})

declare global {
  interface Window {
    layoutShift: number
  }
}

/** Runs in the page. */
function observeShifts(): void {
  window.layoutShift = 0
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
      if (!entry.hadRecentInput) window.layoutShift += entry.value
    }
  }).observe({ type: 'layout-shift', buffered: true })
}
