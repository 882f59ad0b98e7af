import type { User } from '#models/user.server.ts'
import {
  adverbOf,
  everyInWords,
  listedInterval,
  type BillingInterval,
  billingIntervalOf,
} from '../billing/billing-interval.ts'
import { findPlan, FREE_PLAN, type Interval } from '../billing/plans.ts'
import { endsByShop, isAtTrialsEnd, isEnded } from '../billing/subscriptions/subscription-state.ts'
import { formatCreditsInWords, formatDateTime, formatDay } from '../format.ts'
import { costInWords, isListPrice, isUsual, priceInWords, stillCharged, sumInWords } from '../wording/payment-words.ts'
import { lossSentence, type UnusedRow, unusedRows } from '../wording/rollover-words.ts'
import { frozenNotice } from './freeze-notice.ts'
import type { Notice, PlanStatusContext } from './notice.ts'
import { overdueNotice } from './overdue-notice.ts'

/** What pages say about a user's plan. Words and tones only, no colors and no links. */
export interface PlanStatus {
  plan: string
  /** The subscription can be changed, so a second one must not be bought. */
  isLive: boolean
  /** Null on the free plan, unless another plan has ended. */
  badge: { tone: 'green' | 'ochre' | 'red' | 'neutral'; text: string } | null
  /** "$54.00 a month": what the subscription itself charges; null on the free plan, and where that is not known. */
  price: string | null
  /** The price is the plan file's, so the plan's other prices apply to this subscription as well. */
  isListPrice: boolean
  /** Credits of each payment, where that is known. */
  creditsEach: number | null
  /** "$54.00": the payment on the day of `next`, where there is one and it is known. */
  amount: string | null
  interval: Interval | null
  /** How often it is paid, including intervals that are not on sale. */
  billingInterval: BillingInterval | null
  /** What comes next and when: "Renews on", "1 Jun". */
  next: { term: string; value: string; note: string | null; credits: number | null } | null
  /** Credits that expire next if they are not used. */
  unused: UnusedRow[]
  /** The most severe first. */
  notices: Notice[]
}

type Subscription = NonNullable<User['subscription']>
type Change = NonNullable<Subscription['scheduledChange']>

/** Puts the state of a subscription into words. */
export function planStatusOf(subscription: User['subscription'], context: PlanStatusContext): PlanStatus {
  const current = subscription?.stripeSubscriptionId && !isEnded(subscription.status) ? subscription : null
  if (!current) return freePlanStatus(subscription ?? null, context)
  const plan = findPlan(current.plan)
  const state = stateOf(current, context)
  const billingInterval = billingIntervalOf(current)
  const interval = listedInterval(billingInterval)
  return {
    plan: current.plan,
    isLive: current.status !== 'incomplete',
    badge: badgeOf(current, state, context),
    price: current.price ? priceInWords(current.price) : billingInterval && `Paid ${adverbOf(billingInterval)}`,
    isListPrice: isListPrice(current.price, plan, interval),
    creditsEach: current.price?.credits ?? null,
    amount: isThatDay(current) && current.nextPayment ? sumInWords(current.nextPayment) : null,
    interval,
    billingInterval,
    next: nextOf(current, state, context),
    unused: unusedRows(context.losses ?? [], context),
    notices: noticesOf(noticeOf(current, state, context), frozenNotice(context), scheduledNotice(current, context)),
  }
}

function freePlanStatus(past: Subscription | null, context: PlanStatusContext): PlanStatus {
  const ended = past !== null && past.plan !== FREE_PLAN
  return {
    plan: FREE_PLAN,
    isLive: false,
    badge: ended ? { tone: 'neutral', text: 'Ended' } : null,
    price: null,
    isListPrice: true,
    creditsEach: null,
    amount: null,
    interval: null,
    billingInterval: null,
    next: endOf(past, context),
    unused: unusedRows(context.losses ?? [], context),
    notices: noticesOf(null, frozenNotice(context)),
  }
}

/** Why a plan ended: Stripe's reasons and our words for them. */
const ENDS: Record<string, string> = {
  cancellation_requested: 'You canceled it.',
  payment_failed: 'Your payment failed and retries ran out.',
  payment_disputed: 'Your payment was disputed.',
}

/** What the end of a plan leaves of the credits. */
function keptAtEnd({ losses = [], ...context }: PlanStatusContext): string {
  if (losses.length === 0) return 'You keep your credits; no new ones will be added.'
  return ['No new credits will be added.', ...losses.map((loss) => lossSentence(loss, context))].join(' ')
}

/** The free plan has no next payment; it says why the last plan ended. */
function endOf(past: Subscription | null, context: PlanStatusContext): PlanStatus['next'] {
  const why = ENDS[past?.endedReason ?? '']
  const note = [why, ...(context.losses ?? []).map((loss) => lossSentence(loss, context))].filter(Boolean).join(' ')
  return note ? { term: 'Your last plan', value: 'Ended', note, credits: null } : null
}

/** A failed payment has one notice: the subscription's if it has one, else the account's. */
function noticesOf(own: Notice | null, frozen: Notice | null, scheduled: Notice | null = null): Notice[] {
  const known = (own?.action === 'update-card' || own?.action === 'confirm') && frozen?.action === 'update-card'
  const all = [own, known ? null : frozen, scheduled].filter((notice) => notice !== null)
  return all.sort((one, other) => Number(other.tone === 'red') - Number(one.tone === 'red'))
}

type State = 'trial' | 'active' | 'ending' | 'due' | 'stopped' | 'paused' | 'uncollected' | 'unfinished'

function stateOf(subscription: Subscription, { now }: PlanStatusContext): State {
  switch (subscription.status) {
    case 'past_due':
      return subscription.gracePeriodEnd && subscription.gracePeriodEnd > now ? 'due' : 'stopped'
    case 'unpaid':
      return 'stopped'
    case 'paused':
      return 'paused'
    case 'incomplete':
      return 'unfinished'
    default:
      if (subscription.cancelAtPeriodEnd) return 'ending'
      if (subscription.collectionPaused) return 'uncollected'
      return subscription.status === 'trialing' && !subscription.isFreeTime ? 'trial' : 'active'
  }
}

const BADGES: Record<State, NonNullable<PlanStatus['badge']>> = {
  trial: { tone: 'green', text: 'Trial until' },
  active: { tone: 'green', text: 'Active' },
  ending: { tone: 'ochre', text: 'Ends' },
  due: { tone: 'ochre', text: 'Payment due' },
  stopped: { tone: 'red', text: 'Paused' },
  paused: { tone: 'ochre', text: 'Paused' },
  uncollected: { tone: 'ochre', text: 'Payments paused' },
  unfinished: { tone: 'ochre', text: 'Not finished' },
}

function badgeOf(subscription: Subscription, state: State, { timeZone, now }: PlanStatusContext): PlanStatus['badge'] {
  const { trialEnd, cancelAt, currentPeriodEnd } = subscription
  const date = state === 'trial' ? trialEnd : state === 'ending' ? (cancelAt ?? currentPeriodEnd) : null
  const { tone, text } = BADGES[state]
  return { tone, text: date ? `${text} ${formatDay(date, timeZone, now)}` : text }
}

/** Add-ons with a shorter period are charged before the plan is. */
const isThatDay = ({ nextPayment, currentPeriodEnd }: Subscription): boolean =>
  nextPayment?.at.getTime() === currentPeriodEnd?.getTime()

function nextOf(subscription: Subscription, state: State, context: PlanStatusContext): PlanStatus['next'] {
  const { currentPeriodEnd, trialEnd, nextPayment: payment } = subscription
  const day = (date: Date) => formatDay(date, context.timeZone, context.now)
  if (state === 'trial' && trialEnd) return { term: 'Trial ends on', value: day(trialEnd), note: null, credits: null }
  if (!currentPeriodEnd) return null
  if (state === 'ending')
    return {
      term: 'Ends on',
      value: day(subscription.cancelAt ?? currentPeriodEnd),
      note: ['No new credits will be added.', ...(payment ? [stillCharged(payment, day(payment.at))] : [])].join(' '),
      credits: null,
    }
  if (state !== 'active') return null
  const change = subscription.scheduledChange
  if (change) return changeOf(change, payment, day(change.at))
  const renews = { term: subscription.isFreeTime ? 'Next payment on' : 'Renews on', value: day(currentPeriodEnd) }
  if (!payment) return { ...renews, note: null, credits: null }
  if (!isThatDay(subscription)) {
    return { ...renews, note: `The next payment is ${sumInWords(payment)} on ${day(payment.at)}.`, credits: null }
  }
  const added = payment.credits > 0 ? [`${formatCreditsInWords(payment.credits)} will be added.`] : []
  const sum = isUsual(payment, subscription.price) ? [] : [`You pay ${sumInWords(payment)} that day.`]
  return { ...renews, note: [...sum, ...added].join(' ') || null, credits: payment.credits }
}

function noticeOf(subscription: Subscription, state: State, context: PlanStatusContext): Notice | null {
  const { timeZone, now } = context
  const { currentPeriodEnd, trialEnd } = subscription
  const day = (date: Date) => formatDay(date, timeZone, now)
  switch (state) {
    case 'due':
    case 'stopped':
      return overdueNotice(subscription, { isStopped: state === 'stopped', ...context })
    case 'paused':
      return { tone: 'ochre', text: pausedText(subscription), action: 'restart' }
    case 'uncollected': {
      const { plan: name, collectionResumesAt: until } = subscription
      const text = `Payments for ${name} are paused${until ? ` until ${day(until)}` : ' for now'}. You keep the plan and your credits; no new ones are added meanwhile.`
      return { tone: 'ochre', text, action: null }
    }
    case 'unfinished':
      return {
        tone: 'ochre',
        text: `The first payment for ${subscription.plan} is not finished. You were not charged.`,
        action: 'finish',
      }
    case 'ending': {
      if (!currentPeriodEnd) return null
      const end = day(subscription.cancelAt ?? currentPeriodEnd)
      const text = `${subscription.plan} ends on ${end}. ${keptAtEnd(context)}`
      return { tone: 'ochre', text, action: endsByShop(subscription) ? null : 'resume' }
    }
    case 'trial': {
      if (!trialEnd) return null
      const cost = costInWords(subscription)
      const then = cost ? ` Then ${subscription.plan} costs ${cost}.` : ''
      return {
        tone: 'ochre',
        text: `Your trial ends on ${formatDateTime(trialEnd, timeZone, now)}.${then}`,
        action: 'cancel-trial',
      }
    }
    case 'active': {
      if (!subscription.cancelAt || !currentPeriodEnd) return null
      const text = `${subscription.plan} renews on ${day(currentPeriodEnd)} and ends on ${day(subscription.cancelAt)}.`
      return { tone: 'ochre', text, action: null }
    }
  }
}

/** What happens instead of a renewal when a downgrade is scheduled. */
function changeOf({ plan: name, at }: Change, payment: Subscription['nextPayment'], on: string): PlanStatus['next'] {
  const first = payment?.at.getTime() === at.getTime() ? payment : null
  const credits = first?.credits ?? null
  const note = first
    ? `Then ${name}: you pay ${sumInWords(first)}, and ${formatCreditsInWords(first.credits)} will be added.`
    : `Then ${name}.`
  return { term: 'Changes on', value: on, note, credits }
}

/** "Changes to Beginner on 1 Jun", from what is stored: pages do not ask Stripe. */
function scheduledNotice({ plan, scheduledChange: change }: Subscription, context: PlanStatusContext): Notice | null {
  if (!change) return null
  const day = formatDay(change.at, context.timeZone, context.now)
  const text =
    change.plan === plan
      ? `${plan} is paid ${paidBy(change)} from ${day}.`
      : `Your plan changes to ${change.plan} on ${day}.`
  return { tone: 'ochre', text, action: 'undo-change' }
}

/** "by the month", "every 3 months" */
function paidBy(change: Change): string {
  const billingInterval = billingIntervalOf(change)
  if (!billingInterval) return ''
  return billingInterval.intervalCount === 1 ? `by the ${billingInterval.interval}` : everyInWords(billingInterval)
}

/** Usually a trial that ended without a card: nothing is due, and resuming is a purchase. */
function pausedText(subscription: Subscription): string {
  const { plan: name, price } = subscription
  const why = isAtTrialsEnd(subscription) ? ': its trial ended without a card' : ''
  const cost = price ? ` Resuming costs ${priceInWords(price)}.` : ''
  return `${name} is paused${why}. You can spend the credits you have.${cost}`
}
