import type { User } from '#models/user.server.ts'
import { formatDateTime, formatDay, formatMoney } from '../format.ts'
import { safeCredits } from './freeze-notice.ts'
import type { Notice, PlanStatusContext } from './notice.ts'

type Subscription = NonNullable<User['subscription']>

const DAY_MS = 24 * 60 * 60 * 1000

/** A payment that failed or needs confirmation: its amount, and until when spending continues. */
export function overdueNotice(
  subscription: Subscription,
  context: Pick<PlanStatusContext, 'now' | 'timeZone' | 'gracePeriodDays' | 'credits'> & { isStopped: boolean },
): Notice {
  const { gracePeriodEnd, confirmationAsked, owed, plan, cancelAtPeriodEnd, currentPeriodEnd: end } = subscription
  const { now, timeZone, gracePeriodDays, credits, isStopped } = context
  const day = (date: Date) => formatDay(date, timeZone, now)
  const failedOn = gracePeriodEnd ? day(new Date(gracePeriodEnd.getTime() - gracePeriodDays * DAY_MS)) : null
  const sum = owed && formatMoney(owed.amount, owed.currency)
  const which = sum && failedOn ? `${sum} on ${failedOn}` : (sum ?? failedOn)
  const action = confirmationAsked ? 'confirm' : 'update-card'
  if (isStopped) {
    const payment = which ? `the payment of ${which}` : 'a payment'
    const why = confirmationAsked ? `your bank wants to confirm ${payment}` : `${payment} failed`
    return { tone: 'red', text: `Spending is paused because ${why}. ${safeCredits(credits)}`, action }
  }
  const until = gracePeriodEnd ? formatDateTime(gracePeriodEnd, timeZone, now) : ''
  if (confirmationAsked) {
    const text = `Your bank wants to confirm your payment of ${which}. Do that by ${until} to keep spending.`
    return { tone: 'ochre', text, action }
  }
  // A customer who canceled the plan may think that this canceled the payment as well.
  const stays = cancelAtPeriodEnd && end ? ` ${plan} ends on ${day(end)}; until then this payment stays due.` : ''
  const text = `Your payment of ${which} did not go through. Update your card by ${until} to keep spending.${stays}`
  return { tone: 'ochre', text, action }
}
