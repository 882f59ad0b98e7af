import { randomUUID } from 'node:crypto'
import type Stripe from 'stripe'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { type PlanChangePreview, previewPlanChange } from '#app/billing/plan-changes/change-preview.server.ts'
import { DomainError } from '#app/domain-error.ts'
import { readUser } from '../scenario.ts'
import type { StripeForTests } from '../stripe.ts'
import { randomOf } from './chaos.ts'
import { checkKept, whatIsBeside } from './keeps.ts'
import type { Life } from './life.ts'
import { trueCredits } from './truth-credits.ts'
import { Prices } from './truth-lines.ts'
import { liveSubscription } from './truth-subscription.ts'

/*
 * A plan change, as its page shows it and as it turns out: what is charged and granted at once, and afterwards.
 */

/**
 * Changes the plan to another one, without any faults.
 * @returns the preview of its page; null if it was refused, or waits for a payment
 * @throws Error when the outcome differs from what was shown
 */
export async function changeAsShown(context: StripeForTests, life: Life): Promise<PlanChangePreview | null> {
  const { user, plan } = life
  const random = randomOf(plan.seed)
  const pick = <T>(some: T[]): T => some[Math.floor(random() * some.length)]!
  const choice = {
    plan: pick(['Beginner', 'Daily', 'Creator']),
    interval: pick<'month' | 'year'>(['month', 'month', 'year']),
  }
  const live = await liveSubscription(context)
  if (!live) return null
  const beside = whatIsBeside(context)
  const invoices = await invoicesOf(context, live)
  const shown = await unlessRefused(() => previewPlanChange(user, choice))
  if (!shown) return null
  const { prorationDate } = shown
  const done = await unlessRefused(() => changePlan(user, choice, { nonce: randomUUID(), prorationDate }))
  await life.courier.finish()
  checkKept(beside, whatIsBeside(context), `the change to ${choice.plan}`)
  if (!done || done.state === 'payment-needed') return null
  const came = (await invoicesOf(context, live)).filter(({ id }) => !invoices.some((one) => one.id === id))
  await checkInvoice(context, shown, came)
  await checkAfter(life, shown)
  return shown
}

async function invoicesOf({ stripe }: StripeForTests, { id }: Stripe.Subscription): Promise<Stripe.Invoice[]> {
  return (await stripe.invoices.list({ subscription: id, limit: 100 })).data
}

async function unlessRefused<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DomainError) return null
    throw error
  }
}

async function checkInvoice(context: StripeForTests, shown: PlanChangePreview, came: Stripe.Invoice[]): Promise<void> {
  const [invoice, ...more] = came
  if (more.length > 0) throw new Error(`A change created ${came.length} invoices`)
  const sold = invoice && (await trueCredits(new Prices(context), invoice))
  const atOnce = sold?.shares.reduce((sum, share) => sum + (share.effectiveAt === null ? share.credits : 0), 0)
  same(
    'a plan change',
    [shown.amountDue, shown.credits, shown.creditsAtOnce],
    [invoice?.amount_due ?? 0, sold?.credits ?? 0, atOnce ?? 0],
  )
}

/** Checks what the billing page says after the change. */
async function checkAfter({ user }: Life, { after, when }: PlanChangePreview): Promise<void> {
  const { subscription } = await readUser(user._id)
  const { price, nextPayment } = subscription!
  // An add-on may be charged before a scheduled change.
  const isNext = after.next && nextPayment?.at.getTime() === after.next.at.getTime()
  if (after.next && (isNext || when === 'now'))
    same('the first payment after a change', sumOf(after.next), nextPayment ? sumOf(nextPayment) : null)
  if (after.price && when === 'now') checkPriceAfter(after.price, price)
}

type Each = NonNullable<PlanChangePreview['after']['price']>

/** Checks the price of each period after a change, if all items have one interval. */
export function checkPriceAfter(shown: Each, price: Each | null | undefined): void {
  if (price) same('the price of each period after a change', sumOf(shown), sumOf(price))
}

const sumOf = ({ amount, currency, credits }: { amount: number; currency: string; credits: number }): unknown[] => [
  ...[amount, currency, credits],
]

function same(what: string, shown: unknown, came: unknown): void {
  if (JSON.stringify(shown) !== JSON.stringify(came))
    throw new Error(`${what}: the page showed ${JSON.stringify(shown)}, but the result is ${JSON.stringify(came)}`)
}
