import { formatCreditsInWords, formatMoney } from '../format.ts'
import { day, type MailWriters } from './mail-content.ts'

const WHY_STOPPED = {
  declined: 'Your card was declined three times.',
  no_card: 'There is no card on file.',
  refused: 'The payment could not be made.',
}

/** The mails about automatic top-up. */
export const TOP_UP_MAILS = {
  top_up_confirm: (data, { appUrl }) => {
    const sum = formatMoney(data.amount, data.currency)
    const credits = formatCreditsInWords(data.credits)
    return {
      subject: `Your bank wants to confirm a top-up of ${sum}`,
      paragraphs: [
        `Your balance is low, and your bank wants you to confirm the payment of ${sum} for ${credits}. You have not been charged.`,
        'Automatic top-up is paused until you confirm it, and no other payment is tried.',
      ],
      facts: [{ label: 'Open', value: sum }],
      action: { label: `Confirm ${sum}`, url: data.confirmUrl ?? `${appUrl}/billing/top-up` },
    }
  },

  top_up_stopped: (data, { appUrl }) => {
    const credits = formatCreditsInWords(data.credits)
    return {
      subject: 'Automatic top-up has stopped',
      paragraphs: [
        `${WHY_STOPPED[data.reason]} ${credits} for ${formatMoney(data.amount, data.currency)} were not bought, and nothing was charged.`,
        'No further payment is tried until you turn automatic top-up on again.',
      ],
      facts: [],
      action: { label: 'Check automatic top-up', url: `${appUrl}/billing/top-up` },
    }
  },

  top_up_limit: (data, context) => ({
    subject: 'Automatic top-up has reached its limit for this month',
    paragraphs: [
      `You allow ${data.timesMax} ${data.timesMax === 1 ? 'top-up' : 'top-ups'} and ${formatMoney(data.amountMax, data.currency)} a month. Another one would pass that, so nothing is bought until ${day(data.resetsAt, context)}.`,
      'You can buy credits yourself at any time, or raise the limit.',
    ],
    facts: [],
    action: { label: 'Buy credits', url: `${context.appUrl}/billing#packs` },
  }),
} satisfies Partial<MailWriters>
