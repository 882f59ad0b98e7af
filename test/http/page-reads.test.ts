import { createRequestHandler, type ServerBuild } from '@remix-run/node'
import mongoose from 'mongoose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { now, setNow } from '#app/clock.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { livePorts } from '#app/credits/ports.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { sumDays } from '#app/credits/sum-days.server.ts'
import { createApp } from '#app/http/app.server.ts'
import { readOnce, withSharedReads } from '#app/http/shared-reads.server.ts'
import * as layout from '#app/routes/_app.tsx'
import * as action from '#app/routes/_app.actions.$actionId/route.tsx'
import * as dashboard from '#app/routes/_app.dashboard/route.tsx'
import * as usage from '#app/routes/_app.usage/route.tsx'
import * as billing from '#app/routes/_app.billing._index/route.tsx'
import { PaymentModel } from '#models/payment.server.ts'
import { asBrowser, type Caller, newCaller } from '#test/api/caller.ts'
import { commandsOf } from '#test/setup/commands.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase({ monitorCommands: true })
afterEach(() => {
  setNow(null)
  vi.restoreAllMocks()
})

/*
 * The pages as the server answers them: our HTTP app and Remix itself, which runs the loaders of a page side by side and
 * gives each its own Request. The `.data` address has the data without the document.
 */

const page = (path: string, module: object) => ({ id: path, parentId: 'layout', path, module })
const build = {
  entry: { module: {} },
  routes: {
    root: { id: 'root', path: '', module: { default: () => null } },
    layout: { id: 'layout', parentId: 'root', module: layout },
    dashboard: page('dashboard', dashboard),
    usage: page('usage', usage),
    billing: page('billing', billing),
    'actions/:actionId': page('actions/:actionId', action),
  },
  assets: { entry: { imports: [], module: '' }, routes: {}, url: '', version: '' },
  publicPath: '/',
  assetsBuildDirectory: '',
  basename: '/',
  future: { v3_singleFetch: true },
  isSpaMode: false,
} as unknown as ServerBuild

const app = createApp({
  handle: createRequestHandler(build, 'production'),
  loadBuild: () => Promise.resolve(build),
  findFile: () => Promise.resolve(null),
  isDevServer: false,
})

/** The database commands of a page. */
async function commandsOfPage(path: string, caller: Caller): Promise<string[]> {
  const incoming = { headers: { host: 'localhost:3000' }, socket: { remoteAddress: '127.0.0.1' } }
  let text = ''
  const commands = await commandsOf(async () => {
    const request = new Request(`http://localhost:3000/${path}.data`, { headers: asBrowser(caller) })
    const response = await app.fetch(request, { incoming })
    text = await response.text()
  })
  // The frame's data and the page's, and no error.
  expect(text).toContain(caller.user.email)
  expect(text).not.toMatch(/SanitizedError|"error"/)
  return commands
}

/** Without the note of a session's use, every few minutes. */
const readsOfPage = async (path: string, caller: Caller) =>
  (await commandsOfPage(path, caller)).filter((command) => command !== 'update sessions')

const ONCE_FOR_ALL = ['find sessions', 'find users']

async function spendAt({ user }: Caller, at: string): Promise<void> {
  setNow(() => new Date(at))
  await spendCredits({ accountId: user._id, credits: 1, action: 'qr-code' })
}

describe('the reads of a page', () => {
  test('the overview reads session and user, then everything else in one round, each document once', async () => {
    const caller = await newCaller({ credits: 100 })

    const commands = await commandsOfPage('dashboard', caller)

    expect(commands.slice(0, 2)).toEqual(ONCE_FOR_ALL)
    expect(commands.slice(2).sort()).toEqual([
      'find billing_history',
      'find credit_accounts',
      'find credit_entries',
      'find payments',
    ])
  })

  test('the overview’s other reads do not wait for the account', async () => {
    const caller = await newCaller({ credits: 100 })
    const sent: string[] = []
    mongoose.connection.getClient().on('commandStarted', ({ command }) => sent.push(String(command['find'])))
    const others = ['billing_history', 'payments', 'credit_entries']
    const findAccount = livePorts.store.findAccount.bind(livePorts.store)
    vi.spyOn(livePorts.store, 'findAccount').mockImplementation(async (id) => {
      await expect.poll(() => others.every((name) => sent.includes(name))).toBe(true)
      return findAccount(id)
    })

    // It would wait forever otherwise.
    expect(await commandsOfPage('dashboard', caller)).toContain('find credit_accounts')
  })

  test('the overview of a long ledger takes no more reads, and a day of very many entries the sums of that day', async () => {
    setNow(() => new Date('2026-05-25T08:00:00Z'))
    const caller = await newCaller({ credits: 1000 })
    // Posted every few entries, so that nothing is posted in the background of a page.
    const spendOn = async (day: number, hour: number) => {
      for (let minute = 10; minute < 30; minute++) await spendAt(caller, `2026-05-${day}T${hour}:${minute}:00Z`)
      await settleAccount(caller.user._id)
    }
    for (const day of [26, 27, 28, 29]) await spendOn(day, 10)
    const usual = await readsOfPage('dashboard', caller)
    for (const hour of [10, 11, 12]) await spendOn(30, hour)
    await sumDays(caller.user._id)
    const busy = await readsOfPage('dashboard', caller)

    expect(usual).toHaveLength(6)
    expect(busy.slice(6)).toEqual(['find credit_days'])
  })

  test('the usage page reads the account once for chart, ledger and frame', async () => {
    const caller = await newCaller({ credits: 100 })
    await settleAccount(caller.user._id)
    await sumDays(caller.user._id)

    const commands = await commandsOfPage('usage', caller)

    expect(commands.slice(0, 2)).toEqual(ONCE_FOR_ALL)
    expect(commands.slice(2).sort()).toEqual(['find credit_accounts', 'find credit_days', 'find credit_entries'])
  })

  test('the page of an action reads the account once for frame, price and limit', async () => {
    const caller = await newCaller({ credits: 100 })

    expect(await commandsOfPage('actions/qr-code', caller)).toEqual([
      ...ONCE_FOR_ALL,
      'find credit_accounts',
      'find action_runs',
    ])
  })

  test('the billing page reads each document once, also the payments behind the credits', async () => {
    const caller = await newCaller({ credits: 0 })
    await PaymentModel.create({
      userId: caller.user._id,
      stripeCustomerId: 'cus_1',
      stripePaymentIntentId: 'pi_1',
      ...{ pack: '500', status: 'paid', amount: 600, currency: 'usd', creditsAdded: 500, paidAt: now(), lines: [] },
    })
    const source = { type: 'payment', id: 'pi_1' } as const
    await grantCredits(caller.user._id, [{ key: 'stripe:payment:pi_1', credits: 500, source }])

    const commands = await commandsOfPage('billing', caller)

    expect(commands.slice(0, 2)).toEqual(ONCE_FOR_ALL)
    expect(commands.slice(2).sort()).toEqual(['find billing_history', 'find credit_accounts', 'find payments'])
  })
})

describe('readOnce', () => {
  const get = (headers?: Record<string, string>) => new Request('http://localhost:3000/dashboard', { headers })
  const post = () => new Request('http://localhost:3000/dashboard', { method: 'POST' })
  /** The request as a loader gets it. */
  const loaderOf = ({ url, headers }: Request) => new Request(url, { headers })
  const counted = () => {
    let count = 0
    return () => Promise.resolve(++count)
  }

  test('the loaders of one request share a read, and those of another request read again', async () => {
    const read = counted()
    const load = (request: Request) =>
      withSharedReads(request, () =>
        Promise.all([readOnce(loaderOf(request), 'user', read), readOnce(loaderOf(request), 'user', read)]),
      )

    expect(await Promise.all([load(get()), load(get())])).toEqual([
      [1, 1],
      [2, 2],
    ])
  })

  test('an action reads for itself, and the loaders after it read what it has changed', async () => {
    const read = counted()
    const request = post()
    const answers = await withSharedReads(request, async () => [
      await readOnce(request, 'user', read),
      await readOnce(loaderOf(request), 'user', read),
      await readOnce(loaderOf(request), 'user', read),
    ])

    expect(answers).toEqual([1, 2, 2])
  })

  test('a client that sends the header of another request reads for itself', async () => {
    const read = counted()
    const victim = get()
    const shared = await withSharedReads(victim, async () => {
      await readOnce(victim, 'user', read)
      const forged = get({ 'X-Scrip-Request': victim.headers.get('X-Scrip-Request')! })
      return withSharedReads(forged, () => readOnce(forged, 'user', read))
    })

    expect(shared).toBe(2)
  })

  test('outside of a request, every read is made', async () => {
    const read = counted()

    expect([await readOnce(get(), 'user', read), await readOnce(get(), 'user', read)]).toEqual([1, 2])
  })
})
