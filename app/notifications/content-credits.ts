import { formatCredits, formatCreditsInWords } from '../format.ts'
import type { NotificationData } from './kinds.ts'
import { day, type MailContent, type MailContext, type MailWriters, moment } from './mail-content.ts'

type Way = NonNullable<NotificationData<'credits_arrived'>['way']>

const WAYS: Record<Way, { label: string; path: string } | null> = {
  use: { label: 'Use credits', path: '/actions' },
  buy: { label: 'Buy credits', path: '/billing#packs' },
  'update-card': { label: 'Update card', path: '/billing/update-card' },
  confirm: { label: 'Continue at the bank', path: '/billing' },
  restart: { label: 'Resume your plan', path: '/billing' },
  wait: null,
}

/** The button that helps: what the mail is about, unless something prevents that. */
function actionOf(way: Way, { appUrl }: MailContext): MailContent['action'] {
  const link = WAYS[way]
  return link && { label: link.label, url: `${appUrl}${link.path}` }
}

/** The mails about the balance. */
export const CREDIT_MAILS = {
  credits_expiring: ({ at, losses, way, pause }, context) => {
    const total = losses.reduce((sum, { credits }) => sum + credits, 0)
    return {
      subject: `${formatCreditsInWords(total)} ${total === 1 ? 'expires' : 'expire'} on ${day(at, context)}`,
      paragraphs: [
        `If you do not use them, ${formatCreditsInWords(total)} expire on ${moment(at, context)}.`,
        ...losses.map(({ credits, plan, limit }) => {
          const name = plan ? `${plan} ` : ''
          if (limit === null) return `${formatCredits(credits)} unused ${name}credits expire on that day.`
          return `A new period begins then. Up to ${formatCredits(limit)} unused ${name}credits roll over; ${formatCredits(credits)} more do not.`
        }),
        ...(pause ? [pause] : []),
      ],
      facts: [],
      action: actionOf(way ?? 'use', context),
    }
  },

  credits_low: (data, context) => {
    const { arrival, renewsAt } = data
    const next = arrival
      ? [`${formatCreditsInWords(arrival.credits)} arrive on ${day(arrival.at, context)}.`]
      : renewsAt
        ? [`Your plan renews on ${day(renewsAt, context)}.`]
        : []
    return {
      subject: `${formatCreditsInWords(data.credits)} left`,
      paragraphs: [
        `You have ${formatCreditsInWords(data.credits)} left. You get this email when fewer than ${formatCredits(data.threshold)} are left.`,
        ...next,
        ...(data.pause ? [data.pause] : []),
      ],
      facts: [],
      // Credits are left to use, but the mail is about getting more.
      action: actionOf(data.way === 'use' ? 'buy' : (data.way ?? 'buy'), context),
    }
  },

  credits_arrived: (data, context) => ({
    subject: `${formatCreditsInWords(data.credits)} arrived`,
    paragraphs: [
      `${data.description}: ${formatCreditsInWords(data.credits)} were added. You have ${formatCredits(data.balance)} now.`,
      ...(data.expiresAt ? [`They expire on ${moment(data.expiresAt, context)}.`] : []),
      ...(data.pause ? [data.pause] : []),
    ],
    facts: [],
    action: actionOf(data.way ?? 'use', context),
  }),
} satisfies Partial<MailWriters>
