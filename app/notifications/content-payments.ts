import { formatCredits, formatCreditsInWords, formatMoney } from '../format.ts'
import { duplicateInWords } from '../wording/duplicate-words.ts'
import { day, type MailWriters, moment } from './mail-content.ts'

const WAYS_BACK = {
  card: 'is on its way back to you. Your bank can take up to 10 days to show it.',
  balance: 'was credited to your account. It pays your next invoices.',
  elsewhere: 'was returned to you.',
}

/** The mails about money. */
export const PAYMENT_MAILS = {
  payment_receipt: (data, context) => {
    const sum = formatMoney(data.amount, data.currency)
    const added = data.credits > 0 ? [`${formatCreditsInWords(data.credits)} were added to your balance.`] : []
    return {
      subject: `Your payment of ${sum}`,
      paragraphs: [`You paid ${sum}.`, ...added],
      facts: [
        { label: 'For', value: data.description },
        { label: 'Paid', value: sum },
        ...(data.credits > 0 ? [{ label: 'Credits', value: formatCredits(data.credits, { signed: true }) }] : []),
        { label: 'Date', value: moment(data.paidAt, context) },
      ],
      action: data.invoiceUrl
        ? { label: 'See the receipt', url: data.invoiceUrl }
        : { label: 'See your payments', url: `${context.appUrl}/dashboard` },
    }
  },

  payment_failed: (data, context) => {
    const sum = formatMoney(data.amount, data.currency)
    return {
      subject: `Your payment of ${sum} did not go through`,
      paragraphs: [
        `Your payment of ${sum} for ${data.plan} did not go through on ${day(data.failedAt, context)}.`,
        `Update your card by ${moment(data.graceEndsAt, context)} to keep spending. After that, spending pauses until the payment arrives. Your credits are safe either way.`,
      ],
      facts: [
        { label: 'Plan', value: data.plan },
        { label: 'Due', value: sum },
        { label: 'Update your card by', value: moment(data.graceEndsAt, context) },
      ],
      action: { label: 'Update card', url: `${context.appUrl}/billing/update-card` },
    }
  },

  action_required: (data, { appUrl }) => {
    const sum = formatMoney(data.amount, data.currency)
    return {
      subject: `Your bank wants to confirm a payment of ${sum}`,
      paragraphs: [
        `Your bank wants you to confirm the payment of ${sum} for ${data.plan}.`,
        'Until you do, the payment stays open and its credits are not added. You have not been charged.',
      ],
      facts: [
        { label: 'Plan', value: data.plan },
        { label: 'Open', value: sum },
      ],
      action: { label: `Confirm ${sum}`, url: data.confirmUrl ?? `${appUrl}/billing` },
    }
  },

  refund: (data, context) => {
    const sum = formatMoney(data.amount, data.currency)
    const back =
      data.credits > 0
        ? [
            `${formatCreditsInWords(data.credits)} from this payment were taken back. Any you had already spent are settled with the next credits you get.`,
          ]
        : []
    return {
      subject: `A refund of ${sum}`,
      paragraphs: [`${sum} ${WAYS_BACK[data.to]}`, ...back],
      facts: [
        { label: 'For', value: data.description },
        { label: 'Refunded', value: sum },
        ...(data.credits > 0 ? [{ label: 'Credits', value: formatCredits(-data.credits, { signed: true }) }] : []),
        { label: 'Date', value: moment(data.refundedAt, context) },
      ],
      action: { label: 'See your ledger', url: `${context.appUrl}/usage` },
    }
  },

  dispute_opened: (data, context) => {
    const sum = formatMoney(data.amount, data.currency)
    return {
      subject: `A payment of ${sum} is disputed`,
      paragraphs: [
        `Your bank reported on ${day(data.openedAt, context)} that the payment of ${sum} is disputed.`,
        'Spending is paused until the bank decides, and the credits from this payment are set aside. If the payment stands, they are restored; if you get the money back, they are removed. Your other credits are safe.',
        'If this was a mistake, contact your bank and reply to this email.',
      ],
      facts: [
        { label: 'For', value: data.description },
        { label: 'Disputed', value: sum },
      ],
      action: { label: 'See your billing page', url: `${context.appUrl}/billing` },
    }
  },

  dispute_lost: (data, context) => {
    const sum = formatMoney(data.amount, data.currency)
    const kept =
      data.credits > 0
        ? [
            `The ${formatCreditsInWords(data.credits)} from this payment are not restored. Any you had already spent are settled with the next credits you get.`,
          ]
        : []
    return {
      subject: `The dispute of ${sum} is closed`,
      paragraphs: [
        `Your bank decided the dispute of your payment of ${sum} in your favor. You get the money back.`,
        ...kept,
        data.isPaused
          ? 'Spending stays paused for another reason; your billing page says which.'
          : 'Spending is no longer paused.',
      ],
      facts: [
        { label: 'For', value: data.description },
        { label: 'Returned', value: sum },
        ...(data.credits > 0 ? [{ label: 'Credits', value: formatCredits(-data.credits, { signed: true }) }] : []),
        { label: 'Dispute', value: `Lost, ${moment(data.lostAt, context)}` },
      ],
      action: { label: 'See your ledger', url: `${context.appUrl}/usage` },
    }
  },

  duplicate_canceled: (data, context) => ({
    subject: `${data.plan} was canceled, ${data.keptPlan} stays`,
    paragraphs: duplicateInWords(data),
    facts: [
      { label: 'Canceled', value: `${data.plan}, ${moment(data.canceledAt, context)}` },
      { label: 'Your plan', value: data.keptPlan },
      ...(data.amount > 0 ? [{ label: 'Account balance', value: formatMoney(data.amount, data.currency) }] : []),
      ...(data.credits > 0 ? [{ label: 'Credits', value: formatCredits(-data.credits, { signed: true }) }] : []),
    ],
    action: { label: 'See your billing page', url: `${context.appUrl}/billing` },
  }),
} satisfies Partial<MailWriters>
