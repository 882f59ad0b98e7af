import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { type Installation, startInstallation } from '#test/setup/app-processes.ts'
import { newContext } from '#test/setup/browser.ts'
import { signUp } from './steps.ts'

/** What a test changes at Stripe while the user is on the pages. */
export interface StripeControls {
  installation: Installation
  /** A user who has just signed up, on a page of this file's installation. */
  newPerson(options?: BrowserContextOptions): Promise<Page>
  newPage(options?: BrowserContextOptions): Promise<Page>
  /** Injects faults until the test ends, or until {@link heal}. */
  break(faults: object): Promise<void>
  heal(): Promise<void>
  control(path: string, body?: object): Promise<unknown>
  /** A call of Stripe's API, as its dashboard would make it. */
  call(path: string, params?: Record<string, string>): Promise<Record<string, unknown>>
  read(path: string): Promise<Record<string, unknown>>
}

/** Call at the top of a browser test file: an installation of its own, whose Stripe may fail. */
export function useStripeControls(): StripeControls {
  const controls = {} as StripeControls
  beforeAll(async () => {
    const installation = await startInstallation()
    const { sandboxUrl, secrets, url: baseURL } = installation
    const headers = { Authorization: `Bearer ${secrets.stripeSecretKey}` }
    const send = async (address: string, init: RequestInit) => {
      const response = await fetch(`${sandboxUrl}${address}`, init)
      if (!response.ok) throw new Error(`${address}: ${await response.text()}`)
      return (await response.json()) as Record<string, unknown>
    }
    const newPage = async (options: BrowserContextOptions = {}) => (await newContext({ baseURL, ...options })).newPage()
    Object.assign(controls, {
      installation,
      newPage,
      newPerson: async (options) => {
        const page = await newPage(options)
        await signUp(page)
        return page
      },
      control: (path, body = {}) => send(`/_sandbox${path}`, { method: 'POST', body: JSON.stringify(body) }),
      heal: async () => void (await send('/_sandbox/faults', { method: 'DELETE' })),
      break: async (faults) => {
        onTestFinished(() => controls.heal())
        await send('/_sandbox/faults', { method: 'POST', body: JSON.stringify(faults) })
      },
      call: (path, params = {}) => send(path, { method: 'POST', headers, body: new URLSearchParams(params) }),
      read: (path) => send(path, { headers }),
    } satisfies StripeControls)
  })
  afterAll(() => controls.installation?.stop())
  return controls
}

/** The id of the session on the hosted page that is open. */
export const sessionOf = (page: Page): string => /cs_(test|live)_\w+/.exec(page.url())![0]
