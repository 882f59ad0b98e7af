import type { User } from '#models/user.server.ts'
import { effectivePlan, expectationOf, planOf, renewsAt } from '../billing/entitlements/current-plan.ts'
import { FeatureNotInPlan } from '../billing/errors.ts'
import { offerPlans, type PlanOffer } from '../billing/plan-changes/plan-offers.server.ts'
import { type Feature, type Limit, packs, plans } from '../billing/plans.ts'
import { hasLiveSubscription, isOverdue } from '../billing/subscriptions/subscription-state.ts'
import { now } from '../clock.server.ts'
import { type Balance, getBalance } from '../credits/balance.server.ts'
import { InsufficientCredits, LimitReached, SpendingCapReached, SpendingFrozen } from '../credits/errors.ts'
import { readUses } from '../credits/limits.server.ts'
import { lossesAhead } from '../credits/losses.ts'
import { logger } from '../log.server.ts'
import { type Need, packOptions, planOptions, type RefusalOption, suffices } from './refusal-options.ts'
import { isRefusal, type Refusal } from './refusal.ts'

const SPENDING_SETTINGS = '/settings/spending'

/** The spend that was refused. */
interface WantedSpend {
  credits: number
  limit?: Limit
  feature?: Feature
}

export type Refused = Pick<User, '_id' | 'subscription'>

/**
 * Spends credits; a refusal gets its options, each with its price, into its details.
 * @param user as of now, or how to read them
 * @param wanted what the spend needs, so that an option is "enough" only if the spend then succeeds
 * @throws whatever `spend` throws
 */
export async function withRefusalOptions<T>(
  user: Refused | (() => Promise<Refused>),
  wanted: WantedSpend,
  spend: () => Promise<T>,
): Promise<T> {
  const readUser = async () => (typeof user === 'function' ? user() : user)
  try {
    return await spend()
  } catch (error) {
    if (isRefusal(error)) {
      // The refusal stands in any case: if its options cannot be found, they are left out.
      const options = readUser().then((current) => refusalOptions(current, error, wanted))
      error.details['options'] = await options.catch((failure: unknown) => {
        logger.warn({ error: failure }, 'The options for a refusal could not be found')
        return []
      })
    }
    throw error
  }
}

/**
 * The options of a refusal, nearest first: what each costs and adds today, and whether the spend then succeeds. What does
 * not help is left out.
 * @throws CreditsUnavailable
 */
async function refusalOptions(user: Refused, refusal: Refusal, wanted: WantedSpend): Promise<RefusalOption[]> {
  const balance = await getBalance(user._id)
  const need = await needOf(user, { ...wanted, ...lackOf(refusal) }, balance)
  const { subscription } = user
  const status = hasLiveSubscription(subscription) ? subscription!.status : null
  const enough = suffices(need, planOf(subscription), 0)
  if (refusal instanceof SpendingCapReached) {
    const resets: RefusalOption = { type: 'wait', credits: 0, at: refusal.resetsAt.toISOString(), enough }
    return [{ type: 'change_cap', url: SPENDING_SETTINGS, enough }, resets]
  }
  if (refusal instanceof SpendingFrozen) {
    if (refusal.code === 'past_due') return [payWay(user, need)]
    // Any other freeze ends only by the shop or a bank.
    return refusal.code === 'spending_paused' ? [{ type: 'resume_spending', url: SPENDING_SETTINGS, enough }] : []
  }
  const lacksCredits = refusal instanceof InsufficientCredits
  const bought = lacksCredits ? packOptions(need, effectivePlan(subscription), packs) : []
  if (status === 'paused') return [...bought, resumeWay(user, need)]
  const waited = refusal instanceof LimitReached ? waitForCount(user, refusal, need, balance) : []
  if (status && isOverdue(status)) return [...bought, payWay(user, need), ...waited]
  const { credits } = planOf(subscription)
  const offers = await offerPlans(user, (plan) =>
    lacksCredits ? plan.credits > credits : suffices(need, plan, Infinity),
  )
  const helps = ({ today }: PlanOffer) => !lacksCredits || (today !== null && today.credits > 0)
  const arriving = lacksCredits ? waitForCredits(user, need, balance) : []
  return [...bought, ...planOptions(need, offers.filter(helps)), ...waited, ...arriving]
}

/** What the refusal itself is about. */
function lackOf(refusal: Refusal): Partial<WantedSpend> {
  if (refusal instanceof FeatureNotInPlan) return { feature: refusal.feature }
  const { limit } = refusal.details as { limit?: string }
  return refusal instanceof LimitReached && isLimit(limit) ? { limit } : {}
}

const isLimit = (name: string | undefined): name is Limit =>
  name !== undefined && plans.some(({ limits }) => Object.hasOwn(limits, name))

async function needOf({ _id }: Refused, { credits, limit, feature }: WantedSpend, balance: Balance): Promise<Need> {
  const counted = limit ? await readUses(_id, limit) : null
  const used = counted && counted.resetsAt > now() ? counted.used : 0
  return { credits, available: balance.credits, feature, ...(limit && { limit: { name: limit, used } }) }
}

/** What resumes spending while a payment is due. */
function payWay({ subscription }: Refused, need: Need): RefusalOption {
  const owed = subscription?.owed
  const older = owed?.older ?? []
  const price = owed ? { amount: owed.amount, currency: owed.currency } : {}
  const enough = suffices(need, planOf(subscription), 0)
  // The bank confirms one invoice: if another one is open, a card pays for all of them.
  if (subscription?.confirmationAsked && owed?.url && older.length === 0) {
    return { type: 'confirm_payment', ...price, enough, url: owed.url }
  }
  return { type: 'update_payment_method', ...price, enough, url: '/billing/update-card' }
}

/** Resumes the paused plan, which begins a period. */
function resumeWay({ subscription }: Refused, need: Need): RefusalOption {
  const price = subscription?.price
  const enough = suffices(need, planOf(subscription), price?.credits ?? 0)
  const sum = price ? { amount: price.amount, currency: price.currency, credits: price.credits } : {}
  return { type: 'resume_plan', ...sum, enough, url: '/billing' }
}

function waitForCredits(user: Refused, need: Need, balance: Balance): RefusalOption[] {
  const { nextGrant } = expectationOf(user.subscription, balance.nextArrival)
  if (!nextGrant) return []
  const { credits, at } = nextGrant
  const enough = suffices(need, planOf(user.subscription), changeBy(user, balance, at))
  return [{ type: 'wait', credits, at: at.toISOString(), enough }]
}

/** Waiting does not help if the plan allows no use at all. */
function waitForCount(user: Refused, { details }: LimitReached, need: Need, balance: Balance): RefusalOption[] {
  const { max, resetsAt } = details as { max: number; resetsAt: string }
  if (max <= 0 || !need.limit) return []
  const counted: Need = { ...need, limit: { ...need.limit, used: 0 } }
  const enough = suffices(counted, effectivePlan(user.subscription), changeBy(user, balance, new Date(resetsAt)))
  return [{ type: 'wait', credits: 0, at: resetsAt, enough }]
}

/** How many credits are added less those that expire, by themselves, until a moment. */
function changeBy({ subscription }: Refused, balance: Balance, moment: Date): number {
  const at = now()
  const { nextGrant } = expectationOf(subscription, balance.nextArrival)
  const losses = lossesAhead(balance, { now: at, renewsAt: renewsAt(subscription, at) })
  const gone = losses.reduce((sum, loss) => (loss.at <= moment ? sum + loss.credits : sum), 0)
  return (nextGrant && nextGrant.at <= moment ? nextGrant.credits : 0) - gone
}
