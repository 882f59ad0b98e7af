/**
 * The demo user's history in the months before the first start: sign-up, purchases, use, a plan change. All by the
 * app's own functions and the sandbox's webhooks, while the sandbox's clock advances to the present.
 */
import { createServer, type Server } from 'node:http'
import type { Types } from 'mongoose'
import { qrCode } from '#app/actions/built-in/qr-code.server.ts'
import { runAction } from '#app/actions/run-action.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { limitsResetAt, effectivePlan } from '#app/billing/entitlements/current-plan.ts'
import { type Pack, packs, plans } from '#app/billing/plans.ts'
import { stillTrue, notifyExpiring } from '#app/billing/entitlements/expiry-notices.server.ts'
import { callStripe } from '#app/billing/stripe/client.server.ts'
import { machineNow, now, setNow } from '#app/clock.server.ts'
import { config } from '#app/config.server.ts'
import { apiKeyFor } from '#app/credits/keys.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { DomainError } from '#app/domain-error.ts'
import { notifyBalances } from '#app/notifications/balance-news.server.ts'
import { deliverDue } from '#app/notifications/deliver.server.ts'
import { action as receive } from '#app/routes/api.webhook.ts'
import { type User, UserModel } from '#models/user.server.ts'

// Uses whatever plans are for sale, because the plan file may be changed.
const [small, larger] = plans.filter(({ prices }) => prices)
const [pack] = packs

/** Events by day after sign-up, in addition to the use of credits. */
const EVENTS: Record<number, (user: User) => Promise<unknown> | undefined> = {
  3: (user) => small && buy(user, { plan: small.name, interval: 'month' }),
  41: (user) => pack && buy(user, { pack: pack.id }),
  52: (user) => larger && changePlan(user, { plan: larger.name, interval: 'month' }),
  70: (user) => pack && refundFifth(user, pack),
}
/** QR codes created per day, repeated. */
const CODES = [2, 0, 1, 3, 0, 0, 1, 4, 1, 0, 2, 0, 0, 3]
/** Credits spent over the API per day, repeated. */
const REPORTS = [0, 90, 0, 0, 65, 0, 0, 140, 0, 85, 0]

/** Seconds by which the sandbox's clock is behind the machine's; null if it is not, or there is no sandbox. */
export async function secondsBehind(): Promise<number | null> {
  if (config().sandboxUrl === null) return null
  const { offset } = await control<{ offset: number }>('GET', '/clock')
  return offset < 0 ? -offset : null
}

/** Lets the app's clock in this process follow the sandbox's clock in the past. */
export async function goBack(): Promise<void> {
  setNow(null)
  const { offset } = await control<{ offset: number }>('GET', '/clock')
  setNow(() => new Date(Date.now() + offset * 1000))
}

/** Advances the sandbox's clock to the present, even if the history is incomplete. */
export async function comeBack(): Promise<void> {
  setNow(null)
  // One second more, because the app does not follow a clock behind the machine's.
  await control('POST', '/clock', { to: Math.ceil(machineNow().getTime() / 1000) + 1 })
}

/**
 * Creates the demo user's history up to the present.
 * @throws Error when it cannot listen at the address of the webhooks
 */
export async function playHistory(_id: Types.ObjectId): Promise<void> {
  const days = Math.floor(((await secondsBehind()) ?? 0) / 86_400)
  const server = await listenForWebhooks()
  try {
    for (let day = 0; day < days; day++) {
      const user = await UserModel.findById(_id).lean<User>()
      if (!user) return
      await EVENTS[day]?.(user)
      await useCredits(user, day)
      await control('POST', '/clock', { days: 1 })
      await goBack()
      await control('POST', '/idle')
      await work()
    }
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

/** Does the work of the app's jobs. */
async function work(): Promise<void> {
  await runUpkeep()
  await notifyExpiring()
  await notifyBalances()
  await deliverDue(stillTrue)
}

async function useCredits({ _id: accountId, subscription }: User, day: number): Promise<void> {
  const plan = effectivePlan(subscription)
  const codes = CODES[day % CODES.length] ?? 0
  for (let nth = 1; nth <= codes; nth++) {
    const input = { text: `https://example.com/day-${day}/code-${nth}` }
    const resetsAt = limitsResetAt(subscription, now())
    const key = `demo:${day}:${nth}`
    await unlessRefused(() => runAction({ accountId, plan, limitsResetAt: resetsAt, action: qrCode, input, key }))
  }
  const credits = subscription ? (REPORTS[day % REPORTS.length] ?? 0) : 0
  if (credits === 0) return
  const key = apiKeyFor('spend', `demo-${day}`)
  await unlessRefused(() => spendCredits({ accountId, key, credits, action: 'report' }))
}

/** Skips spends that are refused, because other plans may grant fewer credits. */
async function unlessRefused(spend: () => Promise<unknown>): Promise<void> {
  await spend().catch((error: unknown) => {
    if (!(error instanceof DomainError)) throw error
  })
}

async function buy(user: User, what: { plan: string; interval: 'month' } | { pack: string }): Promise<void> {
  const { url } = await createCheckout({ user, ...what }, { nonce: `demo:${JSON.stringify(what)}` })
  await control('POST', '/checkout', { session: /cs_(test|live)_\w+/.exec(url)?.[0] })
  await control('POST', '/idle')
}

/** Refunds a fifth of the pack, as in Stripe's dashboard. */
async function refundFifth({ stripeCustomerId }: User, { price }: Pack): Promise<void> {
  const customer = stripeCustomerId ?? undefined
  await callStripe(async ({ charges, refunds }) => {
    const { data } = await charges.list({ customer, limit: 10 })
    const charge = data.find(({ amount }) => amount === price.amount)
    if (charge) await refunds.create({ charge: charge.id, amount: Math.floor(price.amount / 5) })
  })
}

/** Receives the webhooks at the app's address, because the app is not running yet. */
async function listenForWebhooks(): Promise<Server> {
  const { port, hostname } = new URL(config().appUrl)
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const headers = { 'Stripe-Signature': String(incoming.headers['stripe-signature']) }
      const request = new Request(`${config().appUrl}/api/webhook`, {
        method: 'POST',
        headers,
        body: Buffer.concat(chunks),
      })
      void receive({ request, params: {}, context: {} }).then(async (answer) => {
        outgoing.writeHead(answer.status).end(await answer.text())
      })
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(Number(port), hostname, resolve)
  })
  return server
}

async function control<T>(method: string, path: string, body?: object): Promise<T> {
  const answer = await fetch(`${config().sandboxUrl}/_sandbox${path}`, {
    method,
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`The sandbox answers ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}
