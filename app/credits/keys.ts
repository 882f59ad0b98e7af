import { createHash, randomUUID } from 'node:crypto'

/*
 * Every entry has a key, and every key says where it comes from, so that nobody can occupy the key of an invoice. What
 * a stranger chose is hashed.
 */

/** The key of a request over the API, from the caller's own idempotency key. */
export const apiKeyFor = (operation: 'spend' | 'hold', idempotencyKey: string): string =>
  `api:${operation}:${createHash('sha256').update(idempotencyKey).digest('hex')}`

/** The key of a run of a paid action, from the nonce of its form. */
export const actionKey = (actionId: string, nonce: string): string =>
  `action:${actionId}:${createHash('sha256').update(nonce).digest('hex')}`

/** A key that nobody has used and nobody will repeat. */
export const freshKey = (operation: 'spend' | 'hold'): string => `once:${operation}:${randomUUID()}`

/** The key of a paid invoice's grant, or of the n-th of its monthly shares, or of its packs beside a plan. */
export const stripeInvoiceKey = (invoiceId: string, share?: number | 'packs'): string =>
  share === undefined ? `stripe:invoice:${invoiceId}` : `stripe:invoice:${invoiceId}:${share}`

/** The key of a trial's grant: one for the account, since a trial is given once, whatever subscription it is for. */
export const TRIAL_KEY = 'stripe:trial'

/** The key of a one-time payment's grant. */
export const stripePaymentKey = (paymentIntentId: string): string => `stripe:payment:${paymentIntentId}`

/** The key of what a refund takes back. */
export const stripeRefundKey = (refundId: string): string => `stripe:refund:${refundId}`

/** The key of what a dispute takes back. */
export const stripeDisputeKey = (disputeId: string): string => `stripe:dispute:${disputeId}`

/** The key of the note that a dispute was lost. */
export const stripeDisputeLostKey = (disputeId: string): string => `${stripeDisputeKey(disputeId)}:lost`

/** The key of an administrator's correction, from the nonce of its form. */
export const adminKey = (nonce: string): string => `admin:adjust:${createHash('sha256').update(nonce).digest('hex')}`

export const WELCOME_KEY = 'sys:welcome'

/** The grant that an entry makes. */
export const grantIdOf = (key: string): string => `g:${key}`

/** The hold that an entry places: derived from its key, so that a replay finds the same. */
export const holdIdOf = (key: string): string =>
  `hold_${createHash('sha256').update(key).digest('base64url').slice(0, 22)}`

/** The one entry that ends a hold, be it a capture or a release. */
export const resolveKey = (holdId: string): string => `sys:resolve:${holdId}`

export const activateKey = (grantId: string): string => `sys:activate:${grantId}`

/** A grant can expire in parts (what a hold gives back later), so the entry's place in the log is in the key. */
export const expireKey = (grantId: string, seq: number): string => `sys:expire:${grantId}:${seq}`

/** What a grant that begins a period takes of earlier ones, above their limits: one entry for each of them. */
export const capKey = (grantId: string, nth: number): string => `sys:cap:${grantId}:${nth}`
