import Stripe from 'stripe'
import { config } from '../config.server.ts'
import { CardDeclined, InvalidSignature, StripeUnavailable } from './errors.ts'

/*
 * The gateway: the one module that imports `stripe`. Everything that goes out passes `callStripe`, and everything that
 * comes back is read by stripe-shapes.ts.
 */

const TIMEOUT_MS = 20_000
const NETWORK_RETRIES = 2

/** The tag of everything Scrip creates at Stripe, since an account may serve other apps as well. */
export const APP_TAG = 'scrip'

let client: { key: string; stripe: Stripe } | null = null

/** The client of this process, for the key and the address of the environment. */
function stripeClient(): Stripe {
  const { secretKey, apiBase } = config().stripe
  const key = `${secretKey} ${apiBase ?? ''}`
  if (client?.key !== key) client = { key, stripe: newClient(secretKey, apiBase) }
  return client.stripe
}

function newClient(secretKey: string, apiBase: string | null): Stripe {
  const common = { timeout: TIMEOUT_MS, maxNetworkRetries: NETWORK_RETRIES, telemetry: false }
  if (!apiBase) return new Stripe(secretKey, common)
  const { hostname, port, protocol } = new URL(apiBase)
  const secure = protocol === 'https:'
  return new Stripe(secretKey, {
    ...common,
    host: hostname,
    port: port || (secure ? 443 : 80),
    protocol: secure ? 'https' : 'http',
  })
}

/**
 * Calls Stripe and puts its refusals into the app's words.
 * @param call gets the client
 * @throws CardDeclined | StripeUnavailable; anything else of Stripe's passes through and means a mistake of ours
 */
export async function callStripe<T>(call: (stripe: Stripe) => Promise<T>): Promise<T> {
  try {
    return await call(stripeClient())
  } catch (error) {
    throw inOurWords(error)
  }
}

/**
 * Like {@link callStripe}, for something that may be gone.
 * @returns null when Stripe does not know it
 */
export async function findAtStripe<T>(call: (stripe: Stripe) => Promise<T>): Promise<T | null> {
  try {
    return await callStripe(call)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Reads a whole list, page after page. `limit` guards against a list without end. */
export async function listAll<T>(list: (stripe: Stripe) => AsyncIterable<T>, limit = 10_000): Promise<T[]> {
  return callStripe(async (stripe) => {
    const all: T[] = []
    for await (const item of list(stripe)) {
      all.push(item)
      if (all.length >= limit) break
    }
    return all
  })
}

/** Stripe does not know the object. */
export const isMissing = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing'

/** The object has that id or that lookup key already: somebody else was first. */
export const isTaken = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError &&
  (error.code === 'resource_already_exists' || /already (exists|uses|in use)/i.test(error.message))

/** Stripe itself failed: it keeps that answer under the request's key for a day, so that only another key helps. */
export const isKeptFailure = (error: unknown): boolean =>
  error instanceof StripeUnavailable && error.cause instanceof Stripe.errors.StripeAPIError

/** The idempotency key was used before, with other parameters. */
export const isOtherRequest = (error: unknown): boolean => error instanceof Stripe.errors.StripeIdempotencyError

/** The request is one that Stripe will never accept, like one for a subscription that has ended. */
export const isRefused = (error: unknown): boolean => error instanceof Stripe.errors.StripeInvalidRequestError

function inOurWords(error: unknown): unknown {
  const { StripeAPIError, StripeCardError, StripeConnectionError, StripeRateLimitError } = Stripe.errors
  if (error instanceof StripeCardError) {
    const declined = new CardDeclined(error.message, { declineCode: error.decline_code ?? error.code ?? null })
    declined.cause = error
    return declined
  }
  const transient =
    error instanceof StripeConnectionError || error instanceof StripeRateLimitError || error instanceof StripeAPIError
  return transient ? new StripeUnavailable(error) : error
}

/**
 * Checks that Stripe signed a body, within the last five minutes. During a change of secrets several are tried.
 * @param body as it arrived, byte for byte
 * @returns the place of the secret that fits, 0 for the newest
 * @throws InvalidSignature
 */
export function verifySignature(body: string | Buffer, signature: string | null): number {
  const { webhookSecrets } = config().stripe
  const { webhooks } = stripeClient()
  const place = webhookSecrets.findIndex((secret) => {
    try {
      webhooks.constructEvent(body, signature ?? '', secret)
      return true
    } catch {
      return false
    }
  })
  if (place < 0) throw new InvalidSignature()
  return place
}

/** The mode of the secret key; events of the other mode are not ours. */
export const isLiveMode = (): boolean => /^(sk|rk)_live_/.test(config().stripe.secretKey)
