import { recoverAbandonedRuns } from '../actions/run-action.server.ts'
import { notifyExpiring } from '../billing/entitlements/expiry-notices.server.ts'
import { reconcile } from '../billing/reconcile/reconcile.server.ts'
import { pauseOverdue } from '../billing/subscriptions/grace-period.server.ts'
import { runTopUps } from '../billing/top-up/run-top-ups.server.ts'
import { runUpkeep } from '../credits/upkeep.server.ts'
import { notifyBalances } from '../notifications/balance-news.server.ts'
import { deliverDue } from '../notifications/deliver.server.ts'
import { notifyExpiringKeys } from '../notifications/expiring-api-keys.server.ts'
import { mailNow } from './mail-now.server.ts'
import { applyRetention } from './retention.server.ts'

/** Work that is done again and again, by any process. */
export interface RecurringJob {
  name: string
  /** In agenda's format: `30 seconds`, `1 hour`. */
  every: string
  /** Must be safe to run twice and at once: a process can lose its lock. It returns a sentence for the log. */
  run: () => Promise<string>
  /** Does what is due at a time: when the sandbox's clock skips a month, it runs on the way. */
  isTimely?: boolean
}

/** All recurring work. */
export const recurringJobs: RecurringJob[] = [
  {
    name: 'credit-upkeep',
    every: '15 seconds',
    isTimely: true,
    run: async () => {
      const { accounts, posted, failed } = await runUpkeep()
      return `${accounts} accounts looked at, ${posted} entries posted, ${failed} failed`
    },
  },
  {
    name: 'grace-periods',
    every: '1 minute',
    isTimely: true,
    run: async () => `${await pauseOverdue()} overdue subscriptions paused`,
  },
  {
    name: 'top-ups',
    every: '15 seconds',
    isTimely: true,
    run: async () => {
      const { paid, failed } = await runTopUps()
      return `${paid} top-ups handled, ${failed} failed`
    },
  },
  {
    name: 'reconcile',
    every: '1 hour',
    run: async () => {
      const result = await reconcile()
      if (!result) return 'another process compares billing'
      const { done, failed, unclaimed } = result
      return `${done.length} put right, ${failed.length} failed, ${unclaimed.length} for a human`
    },
  },
  {
    name: 'retention',
    every: '10 minutes',
    run: async () => {
      const { trimEvents, deleteOldEvents, deleteOldMails, emptyMailbox, trimRuns } = await applyRetention()
      const deleted = `${deleteOldEvents} webhook events, ${deleteOldMails + emptyMailbox} mails`
      return `${deleted} deleted; ${trimEvents} webhook events, ${trimRuns} runs trimmed`
    },
  },
  {
    name: 'end-abandoned-runs',
    every: '1 minute',
    run: async () => `${await recoverAbandonedRuns()} abandoned runs ended`,
  },
  {
    name: 'expiry-notices',
    every: '10 minutes',
    isTimely: true,
    run: async () => {
      const { users, queued, failed } = await notifyExpiring()
      return `${users} users looked at, ${queued} mails before credits expire queued, ${failed} failed`
    },
  },
  {
    name: 'api-key-notices',
    every: '10 minutes',
    isTimely: true,
    run: async () => {
      const { keys, queued } = await notifyExpiringKeys()
      return `${keys} expiring API keys looked at, ${queued} mails queued`
    },
  },
  {
    name: 'balance-news',
    every: '1 minute',
    isTimely: true,
    run: async () => {
      const { accounts, queued, failed } = await notifyBalances()
      return `${accounts} balances looked at, ${queued} mails queued, ${failed} failed`
    },
  },
  {
    name: 'deliver-notifications',
    every: '5 seconds',
    isTimely: true,
    run: async () => {
      const { sent, failed, suppressed, unconfirmed } = await deliverDue(mailNow)
      return `${sent} mails sent, ${failed} failed, ${suppressed} held back, ${unconfirmed} unconfirmed`
    },
  },
]
