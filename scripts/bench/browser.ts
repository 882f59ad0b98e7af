import type { Installation } from '#test/setup/app-processes.ts'
import { launchBrowser } from '#test/setup/browser.ts'
import { cookieOf } from './customers.ts'
import { HttpClient } from './http-client.ts'
import { type Server, withInstallation } from './installation.ts'
import { customerWithLedger } from './ledgers.ts'
import { median, milliseconds, printTable } from './report.ts'
import { scriptBytes } from './scripts-of-page.ts'
import { ROUNDS } from './settings.ts'
import { visit, type Vitals } from './vitals.ts'

const PUBLIC = ['/', '/pricing', '/login', '/signup', '/support']
const SIGNED_IN = [
  ...['/dashboard', '/actions', '/actions/qr-code', '/usage', '/billing', '/billing/credits'],
  ...['/settings', '/settings/api-keys', '/settings/notifications', '/settings/sessions'],
]
const PAINTED = ['/', '/pricing', '/dashboard']
const FIRST_MAX_KB = 100
const ANY_MAX_KB = 120
/** Web Vitals call this good. */
const CLS_MAX = 0.1

/** What a browser loads and shows on a first visit. */
export async function benchBrowser(server: Server): Promise<void> {
  await withInstallation(server, {}, async (installation) => {
    const cookie = await cookieOf(await customerWithLedger(1_000))
    await weighScripts(installation, cookie)
    await timePaints(installation, cookie)
  })
}

async function weighScripts({ url }: Installation, cookie: string): Promise<void> {
  const client = new HttpClient()
  try {
    const sizes = new Map<string, number>()
    for (const path of PUBLIC) sizes.set(path, await scriptBytes(client, url, path))
    for (const path of SIGNED_IN) sizes.set(path, await scriptBytes(client, url, path, { Cookie: cookie }))
    const [first] = sizes.values()
    const largest = Math.max(...sizes.values())
    const lines = [...sizes].map(([path, bytes]) => {
      const isFirst = path === '/'
      return {
        name: path,
        value: `${(bytes / 1_000).toFixed(1)} kB`,
        ratio: bytes / (first ?? bytes),
        note: bytes === largest ? 'the largest' : undefined,
        reached: bytes / 1_000,
        goal: { atMost: isFirst ? FIRST_MAX_KB : ANY_MAX_KB },
        unit: ' kB',
      }
    })
    printTable('JavaScript of a first visit, compressed as the server sends it: beside the first page', lines)
  } finally {
    client.close()
  }
}

async function timePaints({ url }: Installation, cookie: string): Promise<void> {
  const browser = await launchBrowser()
  try {
    const visits = PAINTED.map((): Vitals[] => [])
    // The first round, which compiles and compresses, is not counted.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [index, path] of PAINTED.entries()) {
        const vitals = await visit(browser, url + path, SIGNED_IN.includes(path) ? cookie : undefined)
        if (round > 0) visits[index]!.push(vitals)
      }
    }
    const first = median(visits[0]!.map(({ lcp }) => lcp))
    const lines = PAINTED.map((path, index) => {
      const lcp = median(visits[index]!.map((one) => one.lcp))
      const cls = Math.max(...visits[index]!.map((one) => one.cls))
      const note = `layout shift ${cls.toFixed(3)} at most`
      return { name: path, value: milliseconds(lcp), ratio: lcp / first, note, reached: cls, goal: { atMost: CLS_MAX } }
    })
    printTable('Largest paint in Chromium, empty cache, on this machine: beside the first page', lines)
  } finally {
    await browser.close()
  }
}
