import Stripe from 'stripe'
import type { Installation } from '#test/setup/app-processes.ts'
import { creditAccounts } from '#models/credit-account.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { cookieOf, fundedAccount, newUser } from './customers.ts'
import { HttpClient } from './http-client.ts'
import { type Server, withInstallation } from './installation.ts'
import { INVOICE_CREDITS, type PaidInvoice, payInvoices } from './invoices.ts'
import { cpuMeter, inCores } from './process-usage.ts'
import { count, median, milliseconds, printTable } from './report.ts'
import { BURST, ROUND_MS } from './settings.ts'
import type { Meter } from './side-by-side.ts'

/** Deliveries under way at once. */
const AT_ONCE = 32
/** In the burst, all that a connection pool of the sender would open. */
const BURST_AT_ONCE = 256
/** New invoices outside the burst, in relation to it. */
const MEASURED = Math.ceil(BURST / 4)
const PAGE_EVERY_MS = 200
/** Stripe repeats a delivery that failed for days; the bench, so often. */
const ATTEMPTS_MAX = 10

/** What one process takes of Stripe's events, and what a burst of them does to a page. */
export async function benchWebhooks(server: Server): Promise<void> {
  await withInstallation(server, {}, async (installation) => {
    const client = new HttpClient()
    try {
      const started = performance.now()
      const invoices = await payInvoices(installation, client, BURST + MEASURED)
      const seconds = Math.round((performance.now() - started) / 1_000)
      console.log(`\nPaid ${count(invoices.length)} invoices in the sandbox in ${seconds} s`)
      const sender = new Sender(installation, client)
      const { apps, sandbox } = installation
      const meter = cpuMeter({ app: apps.map(({ pid }) => pid), database: [server.pid], sandbox: [sandbox.pid] })
      await timeDeliveries(sender, invoices.slice(0, MEASURED), meter)
      await burst(installation, sender, client, invoices.slice(MEASURED))
    } finally {
      client.close()
    }
  })
}

/** Posts events as Stripe does. */
class Sender {
  constructor(
    private readonly installation: Installation,
    private readonly client: HttpClient,
  ) {}

  /** Whether the app took it. */
  async post({ payload }: PaidInvoice): Promise<boolean> {
    const { url, secrets } = this.installation
    const headers = {
      'Content-Type': 'application/json',
      'Stripe-Signature': Stripe.webhooks.generateTestHeaderString({ payload, secret: secrets.webhookSecret }),
    }
    const { status } = await this.client.send(`${url}/api/webhook`, { method: 'POST', headers, body: payload })
    return status === 200
  }

  /** Posts each until the app has taken it. @returns how many deliveries failed, and were repeated */
  async deliver(invoices: PaidInvoice[], atOnce: number): Promise<number> {
    const queue = invoices.map((invoice) => ({ invoice, attempts: 0 }))
    let failures = 0
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        next.attempts++
        if (await this.post(next.invoice)) continue
        failures++
        if (next.attempts < ATTEMPTS_MAX) queue.push(next)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    return failures
  }
}

async function timeDeliveries(sender: Sender, invoices: PaidInvoice[], meter: Meter): Promise<void> {
  const fresh = await timed(meter, () => sender.deliver(invoices, AT_ONCE))
  const end = performance.now() + 2 * ROUND_MS
  let duplicates = 0
  const again = await timed(meter, async () => {
    do {
      await sender.deliver(invoices, AT_ONCE)
      duplicates += invoices.length
    } while (performance.now() < end)
  })
  const failed = fresh.result > 0 ? `; ${fresh.result} deliveries failed and were repeated` : ''
  const rates = { fresh: invoices.length / fresh.seconds, again: duplicates / again.seconds }
  printTable(`Webhooks of one process, ${AT_ONCE} deliveries at once: duplicates beside new invoices`, [
    {
      name: 'invoice.paid, new: recorded and credited',
      value: `${count(rates.fresh)}/s`,
      ratio: 1,
      note: fresh.cores + failed,
    },
    {
      name: 'the same events again',
      value: `${count(rates.again)}/s`,
      ratio: rates.again / rates.fresh,
      note: again.cores,
    },
  ])
}

/** Does work, and measures how long it took and which CPU it used. */
async function timed<T>(meter: Meter, work: () => Promise<T>): Promise<{ result: T; seconds: number; cores: string }> {
  const before = await meter()
  const started = performance.now()
  const result = await work()
  const seconds = (performance.now() - started) / 1_000
  const after = await meter()
  const used = Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? value)] as const)
  return { result, seconds, cores: inCores(Object.fromEntries(used), seconds) }
}

/** A customer looks at the dashboard while events come in as fast as the app takes them. */
async function burst(installation: Installation, sender: Sender, client: HttpClient, invoices: PaidInvoice[]) {
  const user = await newUser()
  await fundedAccount(user._id)
  const headers = { Cookie: await cookieOf(user) }
  const look = async () => {
    const before = performance.now()
    await client.expect(`${installation.url}/dashboard`, { headers })
    return performance.now() - before
  }
  const quiet: number[] = []
  for (let visit = 0; visit < 10; visit++) quiet.push(await look())

  const looks: Promise<number>[] = []
  const watching = setInterval(() => looks.push(look()), PAGE_EVERY_MS)
  const started = performance.now()
  const failures = await sender.deliver(invoices, BURST_AT_ONCE)
  const seconds = (performance.now() - started) / 1_000
  clearInterval(watching)
  const times = await Promise.all(looks)

  const lost = await countLost(invoices)
  const slowest = Math.max(0, ...times)
  const title = `A burst of ${count(invoices.length)} new invoices, ${BURST_AT_ONCE} deliveries at once, with a look at the dashboard each ${PAGE_EVERY_MS} ms`
  const repeats = `${failures} deliveries failed and were repeated`
  printTable(title, [
    { name: 'events', value: `${count(invoices.length / seconds)}/s`, note: repeats },
    { name: 'events lost: not processed, or not credited', value: count(lost), reached: lost, goal: { atMost: 0 } },
    { name: 'dashboard before the burst, median', value: milliseconds(median(quiet)), ratio: 1 },
    { name: 'dashboard, median', value: milliseconds(median(times)), ratio: median(times) / median(quiet) },
    {
      name: 'dashboard, slowest',
      value: milliseconds(slowest),
      ratio: slowest / median(quiet),
      reached: Math.round(slowest - median(quiet)),
      goal: { atMost: 1_000 },
      unit: ' ms of delay',
    },
  ])
}

/** Events that are not stored as processed, or whose customer does not have exactly the credits of one invoice. */
async function countLost(invoices: PaidInvoice[]): Promise<number> {
  const processed = await WebhookEventModel.find({
    _id: { $in: invoices.map(({ eventId }) => eventId) },
    status: 'processed',
  })
    .select({ _id: 1 })
    .lean()
  const credited = await creditAccounts()
    .find({ _id: { $in: invoices.map(({ userId }) => userId) }, credits: INVOICE_CREDITS })
    .project<{ _id: PaidInvoice['userId'] }>({ _id: 1 })
    .toArray()
  const events = new Set(processed.map(({ _id }) => String(_id)))
  const owners = new Set(credited.map(({ _id }) => _id.toHexString()))
  return invoices.filter(({ eventId, userId }) => !events.has(eventId) || !owners.has(userId.toHexString())).length
}
