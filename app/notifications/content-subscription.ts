import { formatCredits, formatCreditsInWords, formatMoney } from '../format.ts'
import { costInWords, priceInWords, stillCharged, sumInWords } from '../wording/payment-words.ts'
import type { NotificationData } from './kinds.ts'
import { day, type MailContext, type MailWriters, moment } from './mail-content.ts'

/** The reasons that a mail names. */
const REASONS: Record<string, string> = {
  cancellation_requested: 'because you canceled it',
  payment_failed: 'because its payment failed and retries ran out',
  payment_disputed: 'because its payment was disputed',
  replaced: 'because a newer plan replaced it',
}

type Losses = NotificationData<'subscription_ended'>['losses']

/** What happens to the credits when a plan ends. */
const keptWithoutPlan = (losses: Losses, context: MailContext): string =>
  losses.length === 0
    ? 'You keep your credits; no new ones will be added.'
    : `No new credits will be added. ${expiries(losses, context)}`

const expiries = (losses: Losses, context: MailContext): string =>
  losses
    .map(({ at, credits, plan }) => {
      const name = plan ? `${plan} ` : ''
      return `${formatCredits(credits)} unused ${name}${credits === 1 ? 'credit expires' : 'credits expire'} on ${day(at, context)}.`
    })
    .join(' ')

/** The mails about a subscription. */
export const SUBSCRIPTION_MAILS = {
  trial_ending: (data, context) => {
    const cost = costInWords({ nextPayment: data.next, price: data.price })
    const credits = data.next && data.next.credits > 0 ? ` and adds ${formatCreditsInWords(data.next.credits)}` : ''
    return {
      subject: `Your trial of ${data.plan} ends on ${day(data.trialEndsAt, context)}`,
      paragraphs: [
        `Your trial ends on ${moment(data.trialEndsAt, context)}.${cost ? ` Then ${data.plan} costs ${cost}${credits}.` : ` Then ${data.plan} is charged.`}`,
        'To continue, do nothing. To stop, cancel before then and you are not charged.',
      ],
      facts: [
        { label: 'Plan', value: data.plan },
        { label: 'Trial ends', value: moment(data.trialEndsAt, context) },
        ...(cost ? [{ label: 'Then', value: cost }] : []),
      ],
      action: { label: 'See your plan', url: `${context.appUrl}/billing` },
    }
  },

  trial_without_credits: ({ plan }, { appUrl }) => ({
    subject: `Your trial of ${plan} comes without credits`,
    paragraphs: [
      `Your trial of ${plan} has started. Your card was already used for a trial by another account, and each card gets trial credits once. No credits were added.`,
      'You have not been charged. If you cancel before the trial ends, you will not be.',
    ],
    facts: [{ label: 'Plan', value: plan }],
    action: { label: 'See your plan', url: `${appUrl}/billing` },
  }),

  subscription_canceled: ({ plan, worksUntil, owed, next, losses }, context) => ({
    subject: `${plan} ends on ${day(worksUntil, context)}`,
    paragraphs: owed
      ? [
          `You canceled ${plan}. It stays active until ${moment(worksUntil, context)} and does not renew.`,
          `Your open payment of ${formatMoney(owed.amount, owed.currency)} is still being collected. To end ${plan} now without paying, go to ${context.appUrl}/billing/cancel.`,
        ]
      : [
          next
            ? `You canceled ${plan}. It stays active until ${moment(worksUntil, context)}. ${stillCharged(next, day(next.at, context))}`
            : `You canceled ${plan}. It stays active until ${moment(worksUntil, context)}; there are no more payments.`,
          keptWithoutPlan(losses, context),
          'You can undo this any time before then.',
        ],
    facts: [
      { label: 'Plan', value: plan },
      { label: 'Active until', value: moment(worksUntil, context) },
    ],
    action: { label: `Keep ${plan}`, url: `${context.appUrl}/billing` },
  }),

  subscription_paused: (data, context) => {
    const { plan, trialEndedAt, price, losses } = data
    const cost = price && priceInWords(price)
    return {
      subject: `${plan} is paused`,
      paragraphs: [
        trialEndedAt
          ? `Your trial of ${plan} ended on ${moment(trialEndedAt, context)} without a card, so the plan is paused.`
          : `${plan} is paused: there are no payments and no new credits until you resume it.`,
        `Nothing is owed. You can spend the credits you have.${losses.length > 0 ? ` ${expiries(losses, context)}` : ' You keep your credits.'}`,
        cost ? `Resuming costs ${cost}.` : 'You can resume it at any time.',
      ],
      facts: [],
      action: { label: `Resume ${plan}`, url: `${context.appUrl}/billing` },
    }
  },

  subscription_resumed: ({ plan, next }, context) => {
    const sum = next && sumInWords(next)
    return {
      subject: `Your ${plan} plan continues`,
      paragraphs: [
        next
          ? `Your ${plan} plan continues. The next payment is ${sum} on ${day(next.at, context)}.`
          : `Your ${plan} plan continues.`,
      ],
      facts: next
        ? [
            { label: 'Next payment', value: sum ?? '' },
            { label: 'On', value: moment(next.at, context) },
          ]
        : [],
      action: { label: 'See your plan', url: `${context.appUrl}/billing` },
    }
  },

  subscription_ended: (data, context) => {
    const { plan, endedAt, reason, voided, losses } = data
    const because = Object.hasOwn(REASONS, reason) ? ` ${REASONS[reason]}` : ''
    return {
      subject: `${plan} has ended`,
      paragraphs: [
        `${plan} ended on ${moment(endedAt, context)}${because}. There are no more payments.`,
        ...(voided
          ? [
              `The open payment of ${formatMoney(voided.amount, voided.currency)} is canceled: you are not charged, and its credits are not added.`,
            ]
          : []),
        `You are on the Free plan now. ${keptWithoutPlan(losses, context)}`,
      ],
      facts: [],
      action: { label: 'See plans', url: `${context.appUrl}/pricing` },
    }
  },
} satisfies Partial<MailWriters>
