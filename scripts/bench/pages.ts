import type { Installation } from '#test/setup/app-processes.ts'
import { cookieOf } from './customers.ts'
import { benchCsv } from './csv.ts'
import { HttpClient } from './http-client.ts'
import { type Server, withInstallation } from './installation.ts'
import { ACTIONS, customerWithLedger } from './ledgers.ts'
import { count, type Line, median, milliseconds, printTable } from './report.ts'
import { LARGEST_LEDGER } from './settings.ts'

/** A customer, with the length of their ledger. */
export interface Subject {
  entries: number
  headers: { Cookie: string }
}

/** A larger ledger is left out where writing it would take longer than this. */
const ALWAYS = 100_000
const WRITING_MAX_S = 90
const SIZES = [10, 1_000, 100_000, 1_000_000].filter((entries) => entries <= LARGEST_LEDGER)
const GOAL = { atMost: 1.3 }
/** The place of the first size that fills a page: a page of ten entries has less to render. */
const FULL = 1

/** More rounds than this change nothing; slow pages get fewer. */
const ROUNDS_MAX = 25
const ROUNDS_MIN = 5
const PATIENCE_MS = 30_000

const DAY_MS = 24 * 60 * 60 * 1_000
const dayText = (daysAgo: number) => new Date(Date.now() - daysAgo * DAY_MS).toISOString().slice(0, 10)

const PAGES: Record<string, string> = {
  Dashboard: '/dashboard',
  'Usage, 90 days': '/usage?days=90',
  'Usage, filtered by action and days': `/usage?days=90&action=${ACTIONS[0]}&from=${dayText(60)}&to=${dayText(30)}`,
  Billing: '/billing',
  '/api/user': '/api/user',
}

/** What a page says when a query ran out of time: fast, and no page. */
const FAILED = /could not be (drawn|loaded)/

/** How pages grow with the ledger behind them, and its export. */
export async function benchPages(server: Server): Promise<void> {
  await withInstallation(server, {}, async (installation) => {
    const subjects = await createSubjects()
    const client = new HttpClient()
    try {
      const times = await timePages(installation, client, subjects)
      for (const [index, name] of Object.keys(PAGES).entries()) {
        printTable(`${name}: by the entries of the last 90 days, beside ${SIZES[0]} entries`, linesOf(times[index]!))
      }
      await benchCsv(installation.apps[0]!, client, subjects.slice(-2))
    } finally {
      client.close()
    }
  })
}

/** Creates a customer for each size, as long as that takes a reasonable time. */
async function createSubjects(): Promise<Subject[]> {
  const subjects: Subject[] = []
  let secondsPerEntry = 0
  for (const entries of SIZES) {
    const isLong = entries > ALWAYS && entries * secondsPerEntry > WRITING_MAX_S
    if (isLong && !process.env.BENCH_ENTRIES) {
      const seconds = count(entries * secondsPerEntry)
      console.log(
        `${count(entries)} entries are left out: writing them would take ${seconds} s. BENCH_ENTRIES insists.`,
      )
      break
    }
    const started = performance.now()
    const user = await customerWithLedger(entries)
    const seconds = (performance.now() - started) / 1_000
    secondsPerEntry = seconds / entries
    if (seconds > 1) console.log(`\nWrote a ledger of ${count(entries)} entries in ${count(seconds)} s`)
    subjects.push({ entries, headers: { Cookie: await cookieOf(user) } })
  }
  return subjects
}

/** The time of one request, or null where the page could not show all it should. */
type Time = number | null

/** @returns the times of each page, for each size, of each round */
async function timePages(installation: Installation, client: HttpClient, subjects: Subject[]): Promise<Time[][][]> {
  const times = Object.keys(PAGES).map(() => subjects.map((): Time[] => []))
  const started = performance.now()
  // The first round is not counted: it opens connections and warms the code.
  for (let round = 0; round <= ROUNDS_MAX; round++) {
    if (round > ROUNDS_MIN && performance.now() - started > PATIENCE_MS) break
    for (const [index, path] of Object.values(PAGES).entries()) {
      for (const [place, { headers }] of subjects.entries()) {
        const before = performance.now()
        const { body } = await client.expect(installation.url + path, { headers })
        const time = performance.now() - before
        if (round > 0) times[index]![place]!.push(FAILED.test(body.toString()) ? null : time)
      }
    }
  }
  return times
}

function linesOf(times: Time[][]): Line[] {
  const middles = times.map((ofSize) => median(complete(ofSize)))
  return times.map((ofSize, place): Line => {
    const name = `${count(SIZES[place]!)} entries`
    const missing = ofSize.length - complete(ofSize).length
    if (missing === ofSize.length) return { name, value: '–', note: 'never COMPLETE' }
    const middle = middles[place]!
    const ratio = middle / middles[0]!
    const remarks = [
      ...(missing > 0 ? [`${missing} of ${ofSize.length} INCOMPLETE`] : []),
      ...(place > FULL ? [`×${(middle / middles[FULL]!).toFixed(2)} beside ${count(SIZES[FULL]!)}`] : []),
    ]
    const reached = missing > 0 ? Infinity : ratio
    const goal = place > 0 ? GOAL : undefined
    return { name, value: milliseconds(middle), ratio, note: remarks.join('; '), reached, goal }
  })
}

const complete = (times: Time[]): number[] => times.filter((time) => time !== null)
