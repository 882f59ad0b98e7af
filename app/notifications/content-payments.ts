import { formatCredits, formatCreditsInWords, formatMoney } from '../format.ts'
import type { NotificationData } from './kinds.ts'
import { duplicateInWords } from '../wording/duplicate-words.ts'
import { day, type MailContent, type MailContext, moment } from './mail-content.ts'

const WAYS_BACK = {
  card: 'is on its way back to you. Your bank can take up to 10 days to show it.',
  balance: 'was credited to your account. It pays your next invoices.',
  elsewhere: 'was given back to you.',
}

/** The mails about money. */
export const PAYMENT_MAILS = {
  payment_receipt: (data: NotificationData<'payment_receipt'>, context: MailContext): MailContent => {
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

  payment_failed: (data: NotificationData<'payment_failed'>, context: MailContext): MailContent => {
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

  action_required: (data: NotificationData<'action_required'>, { appUrl }: MailContext): MailContent => {
    const sum = formatMoney(data.amount, data.currency)
    return {
      subject: `Your bank wants to confirm a payment of ${sum}`,
      paragraphs: [
        `Your bank wants you to confirm the payment of ${sum} for ${data.plan}.`,
        'Until you do, the payment is open and its credits do not arrive. You have not been charged.',
      ],
      facts: [
        { label: 'Plan', value: data.plan },
        { label: 'Open', value: sum },
      ],
      action: { label: `Confirm ${sum}`, url: data.confirmUrl ?? `${appUrl}/billing` },
    }
  },

  refund: (data: NotificationData<'refund'>, context: MailContext): MailContent => {
    const sum = formatMoney(data.amount, data.currency)
    const back =
      data.credits > 0
        ? [
            `${formatCreditsInWords(data.credits)} that it had paid for went back with it. Those of them that you had spent already are settled with the next ones you get.`,
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

  dispute_opened: (data: NotificationData<'dispute_opened'>, context: MailContext): MailContent => {
    const sum = formatMoney(data.amount, data.currency)
    return {
      subject: `A payment of ${sum} is disputed`,
      paragraphs: [
        `Your bank told us on ${day(data.openedAt, context)} that the payment of ${sum} is disputed.`,
        'Spending is paused until the bank has decided, and the credits that the payment brought are set aside. If it decides that the payment stands, they come back; if you get the money back, they are gone. Your other credits are safe.',
        'If you did not mean to dispute it, tell your bank and answer this mail.',
      ],
      facts: [
        { label: 'For', value: data.description },
        { label: 'Disputed', value: sum },
      ],
      action: { label: 'See your billing page', url: `${context.appUrl}/billing` },
    }
  },

  dispute_lost: (data: NotificationData<'dispute_lost'>, context: MailContext): MailContent => {
    const sum = formatMoney(data.amount, data.currency)
    const kept =
      data.credits > 0
        ? [
            `The ${formatCreditsInWords(data.credits)} that the payment bought do not come back. Those of them that you had already spent are settled with the next credits you get.`,
          ]
        : []
    return {
      subject: `The dispute of ${sum} is closed`,
      paragraphs: [
        `Your bank decided the dispute of your payment of ${sum} in your favor. We lost it, so the money is yours again.`,
        ...kept,
        data.isPaused
          ? 'Spending stays paused for another reason; your billing page says which.'
          : 'Spending is no longer paused.',
      ],
      facts: [
        { label: 'For', value: data.description },
        { label: 'Back to you', value: sum },
        ...(data.credits > 0 ? [{ label: 'Credits', value: formatCredits(-data.credits, { signed: true }) }] : []),
        { label: 'Dispute', value: `Lost, ${moment(data.lostAt, context)}` },
      ],
      action: { label: 'See your ledger', url: `${context.appUrl}/usage` },
    }
  },

  duplicate_canceled: (data: NotificationData<'duplicate_canceled'>, context: MailContext): MailContent => ({
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
}
