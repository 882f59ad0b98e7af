/** One page to take: the user, the path, and whether in all four variants. */
export interface Picture {
  name: string
  path: string
  /** The user; a visitor by default. */
  as?: string
  /** In both themes at both widths; by default light at 1280 and dark at 390. */
  inFull?: boolean
}

/** The password of every user in the screenshots. */
export const PASSWORD = 'a short sentence works well'

export const pictures: Picture[] = [
  { name: 'landing', path: '/', inFull: true },
  { name: 'pricing', path: '/pricing', inFull: true },
  { name: 'pricing-yearly', path: '/pricing?interval=year' },
  { name: 'sign-up', path: '/signup' },
  { name: 'not-found', path: '/nowhere' },
  { name: 'overview', path: '/dashboard', as: 'member', inFull: true },
  { name: 'overview-new', path: '/dashboard', as: 'new' },
  { name: 'overview-payment-due', path: '/dashboard', as: 'due' },
  { name: 'overview-paused', path: '/dashboard', as: 'stopped' },
  { name: 'overview-in-debt', path: '/dashboard', as: 'refunded' },
  { name: 'overview-ending', path: '/dashboard', as: 'leaving' },
  { name: 'overview-trial', path: '/dashboard', as: 'trying' },
  { name: 'actions', path: '/actions', as: 'member' },
  { name: 'action', path: '/actions/qr-code', as: 'member' },
  { name: 'action-text', path: '/actions/text', as: 'member' },
  { name: 'runs', path: '/runs', as: 'member' },
  { name: 'usage', path: '/usage', as: 'member', inFull: true },
  { name: 'usage-filtered', path: '/usage?days=365&kind=spent', as: 'rich' },
  { name: 'billing', path: '/billing', as: 'member', inFull: true },
  { name: 'billing-upgrade', path: '/billing/upgrade?feature=prioritySupport&action=qr-code', as: 'member' },
  { name: 'billing-cancel', path: '/billing/cancel', as: 'member' },
  { name: 'billing-rich', path: '/billing', as: 'rich' },
  { name: 'billing-yearly', path: '/billing', as: 'yearly' },
  { name: 'billing-credits', path: '/billing/credits', as: 'rich' },
  { name: 'billing-grant', path: '/billing/credits/g%3Asys%3Awelcome', as: 'rich' },
  { name: 'billing-payment-due', path: '/billing', as: 'due' },
  { name: 'billing-paused', path: '/billing', as: 'stopped' },
  { name: 'overview-disputed', path: '/dashboard', as: 'disputing' },
  { name: 'action-disputed', path: '/actions/qr-code', as: 'disputing' },
  { name: 'action-in-debt', path: '/actions/qr-code', as: 'refunded' },
  { name: 'overview-unfinished', path: '/dashboard', as: 'unfinished' },
  { name: 'overview-on-pause', path: '/dashboard', as: 'paused' },
  { name: 'overview-ended', path: '/dashboard', as: 'gone' },
  { name: 'settings', path: '/settings', as: 'member' },
  { name: 'settings-api-keys', path: '/settings/api-keys', as: 'member' },
  { name: 'settings-spending', path: '/settings/spending', as: 'member' },
  { name: 'billing-top-up', path: '/billing/top-up', as: 'member' },
]
