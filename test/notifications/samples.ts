import type { NotificationContent, NotificationKind } from '#app/notifications/kinds.ts'

/** One notification of every kind. */
export const SAMPLES: { [Kind in NotificationKind]: Extract<NotificationContent, { kind: Kind }>['data'] } = {
  payment_receipt: {
    amount: 1800,
    currency: 'usd',
    description: 'Daily, 1 May to 1 Jun 2026',
    credits: 2000,
    paidAt: new Date('2026-05-01T12:00:00Z'),
    invoiceUrl: 'https://invoice.example.com/in_1',
  },
  payment_failed: {
    amount: 1800,
    currency: 'usd',
    plan: 'Daily',
    failedAt: new Date('2026-05-03T12:00:00Z'),
    graceEndsAt: new Date('2026-05-06T12:00:00Z'),
  },
  action_required: { amount: 1800, currency: 'usd', plan: 'Daily', confirmUrl: 'https://invoice.example.com/in_2' },
  trial_ending: {
    plan: 'Daily',
    trialEndsAt: new Date('2026-06-14T07:00:00Z'),
    next: { amount: 1800, currency: 'usd', credits: 2000, isExact: true },
    price: { amount: 1800, currency: 'usd', interval: 'month', intervalCount: 1, isExact: true },
  },
  trial_without_credits: { plan: 'Daily' },
  subscription_canceled: { plan: 'Daily', worksUntil: new Date('2026-06-01T10:00:00Z'), owed: null },
  subscription_paused: {
    plan: 'Daily',
    trialEndedAt: new Date('2026-06-14T07:00:00Z'),
    price: { amount: 1800, currency: 'usd', interval: 'month', intervalCount: 1, isExact: true },
  },
  subscription_resumed: {
    plan: 'Daily',
    next: { amount: 1800, currency: 'usd', at: new Date('2026-06-01T10:00:00Z'), isExact: true },
  },
  subscription_ended: {
    plan: 'Daily',
    endedAt: new Date('2026-06-01T10:00:00Z'),
    reason: 'payment_failed',
    voided: null,
  },
  credits_low: {
    credits: 87,
    threshold: 100,
    arrival: { credits: 2000, at: new Date('2026-06-01T10:00:00Z') },
    renewsAt: null,
  },
  credits_arrived: {
    credits: 1000,
    balance: 1840,
    description: "This month's share of Daily",
    expiresAt: new Date('2026-07-01T10:00:00Z'),
  },
  refund: {
    amount: 600,
    currency: 'eur',
    description: '500 credits',
    credits: 500,
    refundedAt: new Date('2026-05-04T12:00:00Z'),
    to: 'card',
  },
  dispute_opened: {
    amount: 1800,
    currency: 'usd',
    description: 'Daily, 1 May to 1 Jun 2026',
    openedAt: new Date('2026-05-05T12:00:00Z'),
  },
  dispute_lost: {
    amount: 1800,
    currency: 'usd',
    description: 'Daily, 1 May to 1 Jun 2026',
    credits: 2000,
    lostAt: new Date('2026-06-20T12:00:00Z'),
    isPaused: false,
  },
  password_changed: { byReset: true, changedAt: new Date('2026-05-05T12:00:00Z'), keysRevoked: 2, keysLeft: 0 },
  email_confirmation: {},
  account_exists: {},
  operator_attention: { object: 'in_1', sentence: 'in_1 was paid and has granted nothing: its price has no amount.' },
  api_key_created: { prefix: 'sk_scrip_ab12cd', createdAt: new Date('2026-05-05T12:00:00Z') },
}
