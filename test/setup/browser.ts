import { existsSync } from 'node:fs'
import sparticuz from '@sparticuz/chromium'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type LaunchOptions,
  type Page,
} from 'playwright-core'
import { afterAll, beforeAll, inject, onTestFinished } from 'vitest'

/** Where Debian and its derivatives install it. */
const SYSTEM_CHROMIUMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A single-process browser dies with its first context, and tests must run with web security on. */
const UNFIT = /^--(single-process|no-zygote|in-process-gpu|headless|disable-web-security)/

let browser: Browser | null = null

/**
 * Launches Chromium: that of CHROMIUM_PATH, else the one from npm, else the system's.
 * @param options for Playwright's own launch
 */
export async function launchBrowser(options: LaunchOptions = {}): Promise<Browser> {
  const given = process.env.CHROMIUM_PATH
  if (given) return chromium.launch({ ...options, executablePath: given, args: QUIET })
  try {
    const args = sparticuz.args.filter((arg) => !UNFIT.test(arg))
    return await chromium.launch({ ...options, executablePath: await sparticuz.executablePath(), args })
  } catch (error) {
    // The one from npm is for Linux on x64; elsewhere use the installed browser.
    const system = SYSTEM_CHROMIUMS.find((path) => existsSync(path))
    if (system) return chromium.launch({ ...options, executablePath: system, args: QUIET })
    if (process.platform !== 'linux') return chromium.launch({ ...options, channel: 'chrome' })
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new Error(`Chromium does not start (${reason}). Set CHROMIUM_PATH, or install the chromium package.`)
  }
}

/** Call at the top of a browser test file: its tests share one browser, and every {@link newPage} is a new visitor. */
export function useBrowser(): void {
  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    browser = null
  })
}

/** A visitor with cookies of its own, closed when the test ends. */
export async function newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  if (!browser) throw new Error('Call useBrowser() at the top of the test file')
  const context = await browser.newContext({ baseURL: inject('installation').url, locale: 'en-US', ...options })
  context.setDefaultTimeout(15_000)
  onTestFinished(() => context.close())
  return context
}

/** A page of a new visitor; paths are relative to the app: `page.goto('/pricing')`. */
export async function newPage(options?: BrowserContextOptions): Promise<Page> {
  const context = await newContext(options)
  return context.newPage()
}
