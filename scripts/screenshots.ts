/**
 * `npm run screenshots`: starts an installation of its own, fills it with users in every state and saves the pages to
 * docs/screenshots. With `-- --all` every page in both themes at both widths; with names, only those; with
 * `--to=folder` into another folder.
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchBrowser } from '#test/setup/browser.ts'
import { startInstallation } from '#test/setup/app-processes.ts'
import { buyPlan } from './screenshots/purchase.ts'
import { PASSWORD, type Picture, pictures } from './screenshots/pictures.ts'

const HEIGHTS: Record<number, number> = { 1280: 900, 390: 844 }

interface Way {
  width: 1280 | 390
  theme: 'light' | 'dark'
}

const EVERY_WAY: Way[] = [
  { width: 1280, theme: 'light' },
  { width: 1280, theme: 'dark' },
  { width: 390, theme: 'light' },
  { width: 390, theme: 'dark' },
]
const isChosenWay = ({ width, theme }: Way) => (width === 1280) === (theme === 'light')

const flags = process.argv.slice(2)
const takesAll = flags.includes('--all')
const FOLDER = path.resolve(flags.find((flag) => flag.startsWith('--to='))?.slice(5) ?? 'docs/screenshots')
const names = flags.filter((flag) => !flag.startsWith('--'))

await mkdir(FOLDER, { recursive: true })
const installation = await startInstallation()
try {
  await fill(installation.mongodbUri)
  const browser = await launchBrowser()
  try {
    await takePictures(browser)
    if (names.length === 0) await takePurchase(browser)
  } finally {
    await browser.close()
  }
} finally {
  await installation.stop()
}

/** Creates the users in this process, on the installation's database. */
async function fill(mongodbUri: string): Promise<void> {
  process.env.SCRIP_MODE = 'local'
  process.env.MONGODB_URI = mongodbUri
  process.env.LOG_LEVEL = 'warn'
  // Imported here, because these modules read the settings when they are first loaded.
  const { connectDatabase, disconnectDatabase } = await import('#app/database.server.ts')
  const { makePeople } = await import('./screenshots/people.ts')
  await connectDatabase()
  await makePeople()
  await disconnectDatabase()
}

async function takePictures(browser: Browser): Promise<void> {
  const wanted = pictures.filter(({ name }) => names.length === 0 || names.includes(name))
  for (const who of new Set(wanted.map((picture) => picture.as))) {
    const storageState = who ? await logIn(browser, `${who}@scrip.test`) : undefined
    for (const way of EVERY_WAY) {
      const due = wanted.filter((picture) => picture.as === who && isDue(picture, way))
      if (due.length === 0) continue
      const page = await openPage(browser, way, { storageState })
      for (const { name, path: address } of due) {
        await page.goto(address, { waitUntil: 'networkidle' })
        await take(page, name, way)
      }
      await page.context().close()
    }
  }
}

function isDue({ inFull }: Picture, way: Way): boolean {
  return takesAll || inFull === true || isChosenWay(way)
}

/** A purchase from pricing to the credits, through the sandbox's checkout. */
async function takePurchase(browser: Browser): Promise<void> {
  const wide = EVERY_WAY[0]!
  const page = await openPage(browser, wide)
  await buyPlan(page, (name) => take(page, name, wide))
  await page.context().close()
}

async function logIn(browser: Browser, email: string): Promise<BrowserContextOptions['storageState']> {
  const page = await openPage(browser, EVERY_WAY[0]!)
  await page.goto('/login')
  await page.locator('[name="email"]').fill(email)
  await page.locator('[name="password"]').fill(PASSWORD)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL(/\/dashboard/)
  const state = await page.context().storageState()
  await page.context().close()
  return state
}

async function openPage(browser: Browser, { width, theme }: Way, more: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    baseURL: installation.url,
    viewport: { width, height: HEIGHTS[width] ?? 900 },
    colorScheme: theme,
    deviceScaleFactor: 1,
    locale: 'en-US',
    reducedMotion: 'reduce',
    ...more,
  })
  return context.newPage()
}

async function take(page: Page, name: string, { width, theme }: Way): Promise<void> {
  const file = path.join(FOLDER, `${name}-${width}-${theme}.png`)
  await page.screenshot({ path: file, fullPage: true })
  console.log(path.relative(process.cwd(), file))
}
