import type { BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, inject } from 'vitest'
import { newPage } from '#test/setup/browser.ts'
import { PASSWORD } from '../../scripts/screenshots/pictures.ts'

type Storage = Exclude<BrowserContextOptions['storageState'], string | undefined>

/** Call at the top of a browser test file: the app's own code, in the test's process, on the installation's database. */
export function useAppCode(): void {
  beforeAll(async () => {
    const { mongodbUri } = inject('installation')
    Object.assign(process.env, { SCRIP_MODE: 'local', MONGODB_URI: mongodbUri, LOG_LEVEL: 'error' })
    // Imported here, because these modules read the settings when they are first loaded.
    const { connectDatabase } = await import('#app/database.server.ts')
    await connectDatabase(mongodbUri)
  })
  afterAll(async () => {
    const { disconnectDatabase } = await import('#app/database.server.ts')
    await disconnectDatabase()
  })
}

const states = new Map<string, Promise<Storage>>()

/** A user's cookies, from one log-in for the whole file. */
export function stateOf(email: string, password = PASSWORD): Promise<Storage> {
  const known = states.get(email) ?? logIn(email, password)
  states.set(email, known)
  return known
}

async function logIn(email: string, password: string): Promise<Storage> {
  const page = await newPage()
  await page.goto('/login')
  await page.locator('[name="email"]').fill(email)
  await page.locator('[name="password"]').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL(/\/dashboard/)
  return page.context().storageState()
}
