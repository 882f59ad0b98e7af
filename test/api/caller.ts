import type { ActionFunctionArgs } from '@remix-run/node'
import { randomUUID } from 'node:crypto'
import { createApiKey } from '#app/auth/api-key.server.ts'
import { startSession } from '#app/auth/session.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { openAccount } from '#app/credits/account.server.ts'
import { now } from '#app/clock.server.ts'
import { type User, UserModel } from '#models/user.server.ts'

const ORIGIN = 'http://localhost:3000'

/** A signed-up user with a real session cookie and a real API key. */
export interface Caller {
  user: User
  cookie: string
  apiKey: string
}

/** Creates a user with this many credits. Sign-up itself, with its slow password hash, has tests of its own. */
export async function newCaller({ credits = 25 }: { credits?: number } = {}): Promise<Caller> {
  const created = await UserModel.create({
    email: `caller-${randomUUID()}@example.com`,
    passwordHash: 'none',
    createdAt: now(),
  })
  const user = created.toObject<User>()
  await openAccount(user._id, { welcomeCredits: 0 })
  if (credits > 0) {
    await grantCredits(user._id, [
      { key: `stripe:payment:pi_${randomUUID()}`, credits, source: { type: 'payment', id: 'pi_test' } },
    ])
  }
  const setCookie = await startSession(new Request(ORIGIN), { _id: user._id, sessionEpoch: user.sessionEpoch })
  const { key } = await createApiKey(user._id, 'test')
  return { user, cookie: setCookie.split(';')[0] ?? '', apiKey: key }
}

/** Puts a caller on a plan, as a Stripe subscription would. */
export async function subscribe({ user }: Caller, plan: string): Promise<void> {
  const subscription = {
    stripeSubscriptionId: `sub_${randomUUID()}`,
    plan,
    interval: 'month',
    status: 'active',
    version: 'v',
  }
  await UserModel.updateOne({ _id: user._id }, { $set: { subscription } })
}

interface CallOptions {
  method?: string
  /** Sent as JSON, unless it is a string already. */
  body?: unknown
  headers?: Record<string, string>
  params?: Record<string, string>
}

type RouteFunction = (args: ActionFunctionArgs) => Promise<Response> | Response

/** Calls a route's loader or action as the server does, with a real Request. */
export async function call(route: RouteFunction, path: string, options: CallOptions = {}): Promise<Response> {
  const { method = 'GET', body, headers = {}, params = {} } = options
  const isText = typeof body === 'string'
  const request = new Request(`${ORIGIN}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : isText ? body : JSON.stringify(body),
  })
  return route({ request, params, context: {} })
}

export const asKey = ({ apiKey }: Caller, idempotencyKey?: string): Record<string, string> => ({
  Authorization: `Bearer ${apiKey}`,
  ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
})

export const asBrowser = ({ cookie }: Caller): Record<string, string> => ({ Cookie: cookie })

/** Reads the JSON of a response; the test states its type. */
export async function bodyOf<T = Record<string, unknown>>(response: Response): Promise<T> {
  return (await response.json()) as T
}

/** Reads the error of a response. */
export async function errorOf(
  response: Response,
): Promise<{ code: string; message: string } & Record<string, unknown>> {
  const { error } = await bodyOf<{ error: { code: string; message: string } & Record<string, unknown> }>(response)
  return error
}
