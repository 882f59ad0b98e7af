import { randomUUID } from 'node:crypto'
import Stripe from 'stripe'
import { config } from '../../config.server.ts'
import { logger } from '../../log.server.ts'
import { CardDeclined, InvalidSignature, StripeUnavailable } from '../errors.ts'
import { type TimeLimits, throwIfExpired, timeLimits } from './deadline.server.ts'

/*
 * The only module that imports `stripe`. All requests go through `callStripe`; all responses are read in
 * stripe/objects/.
 */

/** The API version of requests and events: the client library's own. */
export const STRIPE_API_VERSION = Stripe.API_VERSION

/** The tag without a prefix: setups from before installations had names keep it. */
export const DEFAULT_TAG = 'scrip'

/**
 * The tag of everything that this installation creates in Stripe; the account may serve other installations and apps
 * too.
 */
export const appTag = (): string => config().installations[0]!

/** Whether metadata carries a tag of this installation. */
export const isOurs = (metadata: Record<string, string> | null | undefined): boolean =>
  config().installations.includes(metadata?.app ?? '')

const clients = new Map<string, Stripe>()

/** This process's client, for the environment's key and address and the current time limits. */
function stripeClient(): Stripe {
  const { secretKey, apiBase } = config().stripe
  const options = timeLimits()
  const key = `${secretKey} ${apiBase ?? ''} ${options.timeout}`
  const known = clients.get(key)
  if (known) return known
  const client = newClient(secretKey, apiBase, options)
  clients.set(key, client)
  return client
}

function newClient(secretKey: string, apiBase: string | null, options: TimeLimits): Stripe {
  const common = { ...options, telemetry: false }
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
 * Calls Stripe and translates its errors.
 * @throws CardDeclined | StripeUnavailable; anything else of Stripe's passes through and means a mistake of ours
 */
export async function callStripe<T>(call: (stripe: Stripe) => Promise<T>): Promise<T> {
  throwIfExpired()
  try {
    return await call(stripeClient())
  } catch (error) {
    throw inOurWords(error)
  }
}

/**
 * Makes a call under a descriptive idempotency key. When Stripe fails, it keeps that answer under the key for a day, so
 * the call is made once more under a new key: only for calls that are harmless if the first took effect after all.
 * @throws what {@link callStripe} throws
 */
export async function callUnderKey<T>(
  key: string,
  call: (stripe: Stripe, options: { idempotencyKey: string }) => Promise<T>,
): Promise<T> {
  try {
    return await callStripe((stripe) => call(stripe, { idempotencyKey: key }))
  } catch (error) {
    if (!isKeptFailure(error)) throw error
    return callStripe((stripe) => call(stripe, { idempotencyKey: `${key}:${randomUUID()}` }))
  }
}

/**
 * Like {@link callStripe}, for an object that may be gone.
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

const LIST_MAX = 1_000_000

/**
 * Reads a whole list, page by page. New objects shift the pages meanwhile; Stripe's cursors skip none, and no page
 * repeats one.
 * @param pick keeps what is needed of each item, so that a long list fits into memory
 * @throws Error for a list without end, rather than to answer a part of it
 */
export async function listAll<T, Kept = T>(
  list: (stripe: Stripe) => AsyncIterable<T>,
  pick: (item: T) => Kept = (item) => item as unknown as Kept,
): Promise<Kept[]> {
  return callStripe(async (stripe) => {
    const all: Kept[] = []
    for await (const item of list(stripe)) {
      if (all.length >= LIST_MAX) throw new Error(`Stripe's list is longer than ${LIST_MAX}`)
      all.push(pick(item))
    }
    return all
  })
}

/** Stripe does not know the object. */
export const isMissing = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing'

/** The ID or lookup key is taken: another process was first. */
export const isTaken = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError &&
  (error.code === 'resource_already_exists' || /already (exists|uses|in use)/i.test(error.message))

/**
 * Stripe failed: it keeps that answer under the request's key for a day, so only another key helps. A 409 is no such
 * failure: the key is in use, and the same one gets an answer in a moment.
 */
export const isKeptFailure = (error: unknown): boolean =>
  error instanceof StripeUnavailable &&
  error.cause instanceof Stripe.errors.StripeAPIError &&
  (error.cause.statusCode ?? 0) >= 500

/** The idempotency key was used with other parameters. */
export const isOtherRequest = (error: unknown): boolean => error instanceof Stripe.errors.StripeIdempotencyError

/** A request that Stripe will never accept, such as a change to an ended subscription. */
export const isRefused = (error: unknown): boolean => error instanceof Stripe.errors.StripeInvalidRequestError

/** Waits for a call that Stripe refuses if another process was first: what it was to end has ended. */
export async function unlessRefused(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isRefused(error)) throw error
  })
}

function inOurWords(error: unknown): unknown {
  const { StripeAPIError, StripeCardError, StripeConnectionError, StripeRateLimitError } = Stripe.errors
  if (error instanceof StripeCardError) {
    const declined = new CardDeclined(error.message, { declineCode: error.decline_code ?? error.code ?? null })
    declined.cause = error
    return declined
  }
  const transient =
    error instanceof StripeConnectionError ||
    error instanceof StripeRateLimitError ||
    error instanceof StripeAPIError ||
    isInUse(error)
  return transient ? new StripeUnavailable(error) : error
}

/** Another request with the same key is in progress, such as the first of two clicks: its answer applies. */
const isInUse = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeError && error.code === 'idempotency_key_in_use'

/**
 * Checks that Stripe signed a body within the last five minutes. Several secrets are tried, for rotation.
 * @param body as it arrived, byte for byte
 * @returns the place of the secret that fits, 0 for the newest
 * @throws InvalidSignature
 */
export function verifySignature(body: string | Buffer, signature: string | null): number {
  const { webhookSecrets } = config().stripe
  const { webhooks } = stripeClient()
  const fits = (secret: string, tolerance?: number) => {
    try {
      // The check inside `constructEvent`, which would refuse a signed thin event.
      return webhooks.signature?.verifyHeader(body, signature ?? '', secret, tolerance) === true
    } catch {
      return false
    }
  }
  const place = webhookSecrets.findIndex((secret) => fits(secret))
  if (place >= 0) return place
  const isRightButOld = webhookSecrets.some((secret) => fits(secret, Infinity))
  if (isRightButOld)
    logger.warn("A webhook was signed too long ago: it was sent again, or this machine's clock is wrong")
  throw new InvalidSignature()
}

/**
 * A header that signs a body as Stripe would, with the newest secret: to check that a running app has the same secret.
 */
export function signatureOf(payload: string): string {
  const [secret = ''] = config().stripe.webhookSecrets
  return stripeClient().webhooks.generateTestHeaderString({ payload, secret })
}

/** The mode of the secret key; events of the other mode are ignored. */
export const isLiveMode = (): boolean => /^(sk|rk)_live_/.test(config().stripe.secretKey)
