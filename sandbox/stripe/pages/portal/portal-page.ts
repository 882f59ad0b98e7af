import { attach, createCardMethod } from '../../billing/payments/payment-method.ts'
import { collect } from '../../billing/collection/collect.ts'
import { preview } from '../../billing/invoices/preview.ts'
import { isFlexible } from '../../billing/subscriptions/billing-mode.ts'
import { ENDED, currentPeriod, end } from '../../billing/subscriptions/status.ts'
import { updateSubscription } from '../../billing/lifecycle/update-subscription.ts'
import { StripeApiError } from '../../core/errors.ts'
import { emit } from '../../core/events.ts'
import type { Invoice, PortalSession, Subscription } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import type { Reply } from '../../http/reply.ts'
import { html } from '../../html/html.ts'
import { page, redirect } from '../../html/layout.ts'
import { homePage } from './home.ts'
import { livingOf } from './visit.ts'
import type { Visit } from './visit.ts'
import { cancelPage, cardPage, confirmPage, donePage, plansPage } from './views.ts'

/** The hosted customer portal. Its address contains a secret and is valid for an hour, as at Stripe. */
export function portalPage(
  world: World,
  method: string,
  path: string,
  form: URLSearchParams,
  query: URLSearchParams,
): Reply | null {
  const [, , , secret = '', view = '', target = ''] = path.split('/')
  const session = world.tables.portalSessions.filter((row) => new URL(row.url).pathname === `/p/session/${secret}`)[0]
  if (!session) return null
  if (world.now(session.customer) > session.created + 3600) return expired(world, session)
  const visit: Visit = {
    world,
    session,
    configuration: world.tables.portalConfigurations.get(session.configuration)!,
    base: `/p/session/${secret}`,
  }
  try {
    return method === 'POST' ? act(visit, view, target, form) : show(visit, view, target, query)
  } catch (error) {
    if (!(error instanceof StripeApiError)) throw error
    return show(visit, view, target, query, error.message)
  }
}

function show(visit: Visit, view: string, target: string, query: URLSearchParams, error: string | null = null): Reply {
  const { flow } = visit.session
  if (!view && flow) return redirect(visit.base + flowPath(flow))
  const subscription = subscriptionOf(visit, target)
  if (view === 'card') return cardPage(visit, error)
  if (view === 'done') return donePage(visit)
  if (view === 'cancel' && subscription) return cancelPage(visit, subscription, error)
  if (view === 'plans' && subscription) return plansPage(visit, subscription, error)
  if (view === 'confirm' && subscription)
    return confirmPage(
      visit,
      subscription,
      wantedItems(visit, subscription, query),
      previewOf(visit, subscription, query),
      query,
      error,
    )
  return homePage(visit, error)
}

/** The page at which a flow starts. */
function flowPath(flow: NonNullable<PortalSession['flow']>): string {
  if (flow.subscription_cancel) return `/cancel/${flow.subscription_cancel.subscription}`
  if (flow.subscription_update) return `/plans/${flow.subscription_update.subscription}`
  if (flow.subscription_update_confirm) {
    const { subscription, items } = flow.subscription_update_confirm
    const query = new URLSearchParams({
      item: items[0]?.id ?? '',
      price: items[0]?.price ?? '',
      quantity: String(items[0]?.quantity ?? ''),
    })
    return `/confirm/${subscription}?${query}`
  }
  return '/card'
}

function act(visit: Visit, view: string, target: string, form: URLSearchParams): Reply {
  const { world, configuration } = visit
  const subscription = subscriptionOf(visit, target)
  if (view === 'card') {
    world.run(() => replaceCard(visit, form.get('number') ?? ''))
    return finished(visit)
  }
  if (view === 'pay') return world.run(() => payOpen(visit, target))
  if (view === 'cancel' && subscription) {
    const details = { feedback: (form.get('feedback') || null) as 'other' | null, comment: form.get('comment') || null }
    world.run(() => cancel(visit, subscription, details))
    return finished(visit)
  }
  if (view === 'resume' && subscription) {
    world.run(
      () =>
        void updateSubscription(world, subscription, {
          patch: {
            cancel_at_period_end: false,
            cancel_at: null,
            canceled_at: null,
            cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
          },
        }),
    )
    return redirect(visit.base)
  }
  if (view === 'confirm' && subscription) {
    const items = wantedItems(visit, subscription, form)
    const { proration_behavior } = configuration.features.subscription_update
    world.run(
      () =>
        void updateSubscription(world, subscription, {
          items,
          prorationBehavior: proration_behavior as 'none',
          paymentBehavior: 'error_if_incomplete',
        }),
    )
    return finished(visit)
  }
  return redirect(visit.base)
}

/** After a flow the customer is redirected as the app asked; without a flow to the portal's first page. */
function finished({ session, base }: Visit): Reply {
  const after = session.flow?.after_completion
  if (after?.type === 'redirect' && after.redirect) return redirect(after.redirect.return_url)
  if (after?.type === 'hosted_confirmation') return redirect(`${base}/done`)
  return redirect(session.flow ? `${base}/home` : base)
}

function replaceCard({ world, session }: Visit, number: string): void {
  const customer = world.tables.customers.get(session.customer)!
  const method = attach(
    world,
    createCardMethod(world, {
      number,
      expMonth: 12,
      expYear: 2034,
      details: { name: customer.name ?? null, email: customer.email },
    }),
    customer,
  )
  const after = world.tables.customers.update(customer.id, {
    invoice_settings: { ...customer.invoice_settings, default_payment_method: method.id },
  })
  emit(world, 'customer.updated', after, customer)
  for (const subscription of livingOf({ world, session }))
    if (subscription.default_payment_method)
      emit(
        world,
        'customer.subscription.updated',
        world.tables.subscriptions.update(subscription.id, { default_payment_method: method.id }),
        subscription,
      )
}

function payOpen(visit: Visit, id: string): Reply {
  const { world, session, base } = visit
  const invoice = world.tables.invoices.get(id)
  if (invoice?.customer !== session.customer || invoice.status !== 'open') return redirect(base)
  const { error } = collect(world, invoice)
  return error ? homePage(visit, error.message) : redirect(`${base}/home`)
}

function cancel(
  { world, configuration }: Visit,
  before: Subscription,
  details: { feedback: 'other' | null; comment: string | null },
): void {
  if (configuration.features.subscription_cancel.mode === 'immediately')
    return void end(world, before, 'cancellation_requested', details)
  updateSubscription(world, before, {
    patch: {
      // A flexible subscription has only the date.
      cancel_at_period_end: !isFlexible(before),
      cancel_at: currentPeriod(before).end,
      canceled_at: world.now(before.customer),
      cancellation_details: { feedback_option: null, ...details, reason: 'cancellation_requested' },
    },
  })
}

/** The requested items: another price for the selected item, or another quantity of it. */
function wantedItems({ world }: Visit, subscription: Subscription, values: URLSearchParams) {
  const [first] = subscription.items.data
  const price = world.tables.prices.get(values.get('price') ?? '') ?? first!.price
  const quantity = Number(values.get('quantity')) || (first!.quantity ?? 1)
  return [{ id: values.get('item') || first!.id, price, quantity }]
}

function previewOf(visit: Visit, subscription: Subscription, query: URLSearchParams): Invoice | null {
  const { world, configuration } = visit
  const behavior = configuration.features.subscription_update.proration_behavior as 'none'
  try {
    return preview(world, () => {
      const after = updateSubscription(world, subscription, {
        items: wantedItems(visit, subscription, query),
        prorationBehavior: behavior,
        paymentBehavior: 'default_incomplete',
      })
      if (after.latest_invoice === subscription.latest_invoice)
        throw new StripeApiError(404, {
          type: 'invalid_request_error',
          code: 'invoice_upcoming_none',
          message: 'Nothing is invoiced now.',
        })
      return world.tables.invoices.get(after.latest_invoice!)!
    })
  } catch (error) {
    if (error instanceof StripeApiError && error.body.code === 'invoice_upcoming_none') return null
    throw error
  }
}

function subscriptionOf({ world, session }: Visit, id: string): Subscription | undefined {
  const row = world.tables.subscriptions.get(id)
  return row?.customer === session.customer && !ENDED.has(row.status) ? row : undefined
}

function expired(world: World, session: PortalSession): Reply {
  return page(
    {
      title: 'Session expired',
      back: session.return_url ? { url: session.return_url, label: `Back to ${world.accountName}` } : null,
    },
    html`<section class="sheet">
      <h1>This session has expired</h1>
      <p>Go back to the shop and open it again from there.</p>
    </section>`,
  )
}
