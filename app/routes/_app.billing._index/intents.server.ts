import { data, redirect, type TypedResponse } from '@remix-run/node'
import { z } from 'zod'
import type { User } from '#models/user.server.ts'
import { checkoutLocaleOf } from '#app/billing/checkout/checkout-locale.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { createPortalSession } from '#app/billing/customers/billing-portal.server.ts'
import { confirmationPage } from '#app/billing/dunning/bank-confirmation.server.ts'
import { undoCancellation } from '#app/billing/plan-changes/cancel.server.ts'
import { restartPlan } from '#app/billing/plan-changes/resume-paused.server.ts'
import { releaseSchedule } from '#app/billing/plan-changes/schedule.server.ts'
import { findPack } from '#app/billing/plans.ts'
import { requireLiveSubscription } from '#app/billing/subscriptions/live-subscription.server.ts'
import { syncSubscriptions } from '#app/billing/subscriptions/sync-subscriptions.server.ts'

type Answer = TypedResponse<never> | ReturnType<typeof data<{ problem: string }>>

type Intent = (user: User, form: FormData, request: Request) => Promise<Answer>

/** What the buttons of the billing page do, by the intent that each sends. */
const intents: Record<string, Intent> = {
  pack: buyPack,
  confirm: confirmPayment,
  portal: (user) => toPortal(user, { updateCard: false }),
  'update-card': (user) => toPortal(user, { updateCard: true }),
  'undo-change': async (user) => {
    const { subscription } = await requireLiveSubscription(user)
    await releaseSchedule(subscription)
    await syncSubscriptions(user._id)
    return redirect('/billing?done=undone')
  },
  restart,
  resume: async (user) => {
    await undoCancellation(user)
    return redirect('/billing?done=resumed')
  },
}

/** What a form's button does; null for a form that the page does not have. */
export function intentOf(form: FormData): Intent | null {
  const name = form.get('intent')
  return typeof name === 'string' && Object.hasOwn(intents, name) ? intents[name]! : null
}

const packOrder = z.object({ pack: z.string().refine((id) => findPack(id)), nonce: z.string().min(8).max(100) })

async function buyPack(user: User, form: FormData, request: Request): Promise<Answer> {
  const order = packOrder.safeParse(Object.fromEntries(form))
  if (!order.success) return data({ problem: 'Choose one of the packs below.' }, { status: 400 })
  const { pack, nonce } = order.data
  const locale = checkoutLocaleOf(request.headers.get('Accept-Language'))
  const { url } = await createCheckout({ user, pack }, { nonce, locale })
  return redirect(url)
}

async function confirmPayment(user: User): Promise<Answer> {
  const page = await confirmationPage(user)
  return page ? redirect(page) : toPortal(user, { updateCard: true })
}

async function restart(user: User): Promise<Answer> {
  const restarted = await restartPlan(user)
  if (restarted.state === 'running') return redirect('/billing?done=restarted')
  if (restarted.state === 'payment-needed' && restarted.url) return redirect(restarted.url)
  return toPortal(user, { updateCard: true })
}

async function toPortal(user: User, options: { updateCard: boolean }): Promise<Answer> {
  return redirect((await createPortalSession(user, options)).url)
}
