import { createHash, randomUUID } from 'node:crypto'

/*
 * Every entry has a key that names its source, so nobody can occupy an invoice's key. Values chosen by a caller are
 * hashed.
 */

const hash = (value: string): string => createHash('sha256').update(value).digest('hex')

/** The key of a request over the API, from the caller's own idempotency key. */
export const apiKeyFor = (operation: 'spend' | 'hold', idempotencyKey: string): string =>
  `api:${operation}:${hash(idempotencyKey)}`

/** The key of a run of a paid action, from the nonce of its form. */
export const actionKey = (actionId: string, nonce: string): string => `action:${actionId}:${hash(nonce)}`

/** A random key that is never reused. */
export const freshKey = (operation: 'spend' | 'hold'): string => `once:${operation}:${randomUUID()}`

/** The key of a paid invoice's grant, or of the n-th of its monthly shares, or of its packs beside a plan. */
export const stripeInvoiceKey = (invoiceId: string, share?: number | 'packs'): string =>
  share === undefined ? `stripe:invoice:${invoiceId}` : `stripe:invoice:${invoiceId}:${share}`

/** The key of a trial's grant: one per account, since a trial is given once, for any subscription. */
export const TRIAL_KEY = 'stripe:trial'

/** The keys of a one-time payment's grant, and of the reversals of refunds and disputes. */
export const stripePaymentKey = (paymentIntentId: string): string => `stripe:payment:${paymentIntentId}`
export const stripeRefundKey = (refundId: string): string => `stripe:refund:${refundId}`
export const stripeDisputeKey = (disputeId: string): string => `stripe:dispute:${disputeId}`

/** The key of the entry that records a lost dispute. */
export const stripeDisputeLostKey = (disputeId: string): string => `${stripeDisputeKey(disputeId)}:lost`

/** The key of an administrator's correction, from the nonce of its form. */
export const adminKey = (nonce: string): string => `admin:adjust:${hash(nonce)}`

export const WELCOME_KEY = 'sys:welcome'

/** The grant that an entry makes. */
export const grantIdOf = (key: string): string => `g:${key}`

/** The hold that an entry places: its ID is derived from the key, so that a replay finds the same one. */
export const holdIdOf = (key: string): string =>
  `hold_${createHash('sha256').update(key).digest('base64url').slice(0, 22)}`

/** The one entry that ends a hold, by capture or release. */
export const resolveKey = (holdId: string): string => `sys:resolve:${holdId}`

export const activateKey = (grantId: string): string => `sys:activate:${grantId}`

/** A grant can expire in parts (a hold may return some later), so the key includes the entry's place in the log. */
export const expireKey = (grantId: string, seq: number): string => `sys:expire:${grantId}:${seq}`

/** What a grant that starts a period removes from earlier ones above their limits: one entry each. */
export const capKey = (grantId: string, nth: number): string => `sys:cap:${grantId}:${nth}`
