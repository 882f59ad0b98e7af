import { testCards } from '../billing/test-cards.ts'
import { money, rate } from '../billing/lines.ts'
import { currentPeriod } from '../billing/subscription-status.ts'
import type { Invoice, Price, Subscription } from '../core/shapes.ts'
import type { Reply } from '../http/listener.ts'
import type { ItemChange } from '../billing/update.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { invoiceBadge } from './invoice.ts'
import { errorSummary, field, page, time } from './layout.ts'
import { cardOf, livingOf } from './portal.ts'
import type { Visit } from './portal.ts'

function framed(visit: Visit, title: string, error: string | null, content: Html): Reply {
  const { return_url } = visit.session
  return page({ title, back: return_url ? { url: return_url, label: 'Back to Scrip' } : null, error: error !== null }, html`${errorSummary(error ? [{ message: error }] : [])}${content}`)
}

/** The portal's first page: what is wrong or next, the card, the invoices. */
export function homePage(visit: Visit, error: string | null): Reply {
  const { world, session, base, configuration } = visit
  const subscriptions = livingOf(visit)
  const invoices = world.tables.invoices.filter((row) => row.customer === session.customer && row.status !== 'draft' && row.number !== null).slice(0, 24)
  const customer = world.tables.customers.get(session.customer)
  const address = customer?.address
  return framed(
    visit,
    'Billing',
    error,
    html`<h1>Your billing</h1>
      ${subscriptions.map((subscription) => planSheet(visit, subscription))}
      ${subscriptions.length === 0 && html`<section class="sheet"><h2>No subscription</h2><p>You have no running subscription.</p></section>`}
      <section class="sheet">
        <h2>Payment method</h2>
        <p>${cardOf(visit, subscriptions[0]) ?? 'No card is saved.'}</p>
        ${configuration.features.payment_method_update.enabled && html`<p><a class="button outline" href="${base}/card">Change card</a></p>`}
      </section>
      ${configuration.features.invoice_history.enabled && html`<section class="sheet">
        <h2 id="invoices">Invoices</h2>
        ${invoices.length === 0 ? html`<p>No invoices yet.</p>` : invoiceTable(invoices)}
      </section>`}
      <section class="sheet">
        <h2>Billing address</h2>
        <p>${customer?.name ?? customer?.email ?? 'No name'}${address?.line1 && html`<br />${address.line1}<br />${address.postal_code} ${address.city}`}${address?.country && html`<br />${address.country}`}</p>
      </section>`,
  )
}

function planSheet({ world, base, configuration }: Visit, subscription: Subscription): Html {
  const { end } = currentPeriod(subscription)
  const open = world.tables.invoices.get(subscription.latest_invoice ?? '')
  const { subscription_cancel, subscription_update } = configuration.features
  return html`<section class="sheet">
    <div class="split"><h2>${subscription.items.data.map(({ price, quantity }) => `${nameOf(world, price)}${(quantity ?? 1) > 1 ? ` × ${quantity}` : ''}`).join(', ')}</h2>${stateBadge(subscription)}</div>
    <p class="lead">${subscription.items.data.map(({ price }) => rate(price)).join(', ')}</p>
    <p>${sentence(subscription, end)}</p>
    ${open?.status === 'open' && html`<form method="post" action="${base}/pay/${open.id}"><button class="ink">Pay ${money(open.amount_remaining, open.currency)} now</button></form>`}
    <div class="row">
      ${subscription_update.enabled && html`<a class="button outline" href="${base}/plans/${subscription.id}">Change plan</a>`}
      ${subscription.cancel_at_period_end ? html`<form method="post" action="${base}/resume/${subscription.id}"><button class="ink">Do not cancel</button></form>` : subscription_cancel.enabled && html`<a class="button quiet" href="${base}/cancel/${subscription.id}">Cancel</a>`}
    </div>
  </section>`
}

function sentence(subscription: Subscription, end: number): Html {
  if (subscription.cancel_at_period_end) return html`Ends on ${time(end)}.`
  if (subscription.status === 'trialing') return html`The trial ends on ${time(end)}.`
  if (subscription.status === 'past_due' || subscription.status === 'unpaid') return html`The last payment failed. Change the card, then pay.`
  if (subscription.status === 'paused') return html`Paused until a card is added.`
  return html`Renews on ${time(end)}.`
}

export function stateBadge({ status, cancel_at_period_end }: Subscription): Html {
  const kind = cancel_at_period_end ? 'due' : ({ active: 'credit', trialing: 'credit', past_due: 'due', unpaid: 'debt' } as Record<string, string>)[status] ?? 'neutral'
  const word = cancel_at_period_end ? 'Ends soon' : ({ active: 'Active', trialing: 'Trial', past_due: 'Payment due', unpaid: 'Unpaid', paused: 'Paused', canceled: 'Ended', incomplete: 'Not finished', incomplete_expired: 'Ended' } as Record<string, string>)[status] ?? status
  return html`<span class="badge ${kind}">${word}</span>`
}

function invoiceTable(invoices: Invoice[]): Html {
  return html`<table class="figures" aria-labelledby="invoices">
    <thead><tr><th scope="col">Date</th><th scope="col">Status</th><th scope="col">Amount</th></tr></thead>
    <tbody>
      ${invoices.map(
        (invoice) => html`<tr>
          <th scope="row"><a href="${invoice.hosted_invoice_url}">${time(invoice.effective_at ?? invoice.created, { hour: false })}</a> <span class="fine">(<a href="${invoice.invoice_pdf}">PDF<span class="sr-only"> of ${invoice.number}</span></a>)</span></th>
          <td>${invoiceBadge(invoice.status)}</td>
          <td>${money(invoice.total, invoice.currency)}</td>
        </tr>`,
      )}
    </tbody>
  </table>`
}

export function cardPage(visit: Visit, error: string | null): Reply {
  return framed(
    visit,
    'Change card',
    error,
    html`<section class="sheet">
      <h1>Change card</h1>
      <p>Now: ${cardOf(visit, livingOf(visit)[0]) ?? 'no card'}.</p>
      <form method="post" action="${visit.base}/card" class="stack">
        <fieldset class="stack">
          <legend>Test card</legend>
          ${testCards.slice(0, 7).map(({ number, label, result }, index) => html`<label class="choice"><input type="radio" name="number" value="${number}" ${index === 0 && html`checked`} /> <span><strong>${label}</strong>, ending ${number.slice(-4)}<br /><span class="fine">${result}</span></span></label>`)}
        </fieldset>
        <div class="row"><button class="ink">Save card</button> <a class="button quiet" href="${visit.base}/home">Keep the old one</a></div>
      </form>
    </section>`,
  )
}

export function plansPage(visit: Visit, subscription: Subscription, error: string | null): Reply {
  const { world, base } = visit
  const [item] = subscription.items.data
  return framed(
    visit,
    'Change plan',
    error,
    html`<section class="sheet">
      <h1>Change plan</h1>
      <form method="get" action="${base}/confirm/${subscription.id}" class="stack">
        <input type="hidden" name="item" value="${item!.id}" />
        <fieldset class="stack">
          <legend>Plans</legend>
          ${choices(visit, subscription).map((price) => html`<label class="choice"><input type="radio" name="price" value="${price.id}" ${price.id === item!.price.id && html`checked`} /> <span><strong>${nameOf(world, price)}</strong>, ${rate(price)}${price.id === item!.price.id && html` <span class="fine">(now)</span>`}</span></label>`)}
        </fieldset>
        <div class="row"><button class="ink">See what it costs</button> <a class="button quiet" href="${base}/home">Keep my plan</a></div>
      </form>
    </section>`,
  )
}

/** The plans to choose from: those of the configuration, or every recurring price that can be bought. */
function choices({ world, configuration }: Visit, subscription: Subscription): Price[] {
  const allowed = configuration.features.subscription_update.products?.flatMap(({ prices }) => prices)
  return world.tables.prices
    .filter((price) => price.active && price.recurring !== null && price.currency === subscription.currency && (!allowed || allowed.includes(price.id)))
    .sort((a, b) => (a.recurring!.interval === b.recurring!.interval ? (a.unit_amount ?? 0) - (b.unit_amount ?? 0) : a.recurring!.interval === 'month' ? -1 : 1))
}

export function confirmPage(visit: Visit, subscription: Subscription, items: ItemChange[], invoice: Invoice | null, query: URLSearchParams, error: string | null): Reply {
  const { world, base } = visit
  const price = items[0]!.price!
  const due = invoice?.amount_due ?? 0
  return framed(
    visit,
    'Confirm the change',
    error,
    html`<section class="sheet">
      <h1>Change to ${nameOf(world, price)}</h1>
      <p class="lead">${rate(price)}${(items[0]!.quantity ?? 1) > 1 && ` × ${items[0]!.quantity}`}</p>
      ${invoice && html`<table class="figures"><tbody>${invoice.lines.data.map((line) => html`<tr><th scope="row">${line.description}</th><td>${money(line.amount, line.currency)}</td></tr>`)}</tbody><tfoot><tr class="total"><th scope="row">Due today</th><td>${money(due, invoice.currency)}</td></tr></tfoot></table>`}
      <form method="post" action="${base}/confirm/${subscription.id}" class="row">
        ${['item', 'price', 'quantity'].map((name) => html`<input type="hidden" name="${name}" value="${query.get(name) ?? ''}" />`)}
        <button class="ink">${due > 0 && invoice ? `Pay ${money(due, invoice.currency)} and change` : 'Change plan'}</button>
        <a class="button quiet" href="${base}/home">Keep my plan</a>
      </form>
    </section>`,
  )
}

const REASONS: Record<string, string> = { too_expensive: 'It is too expensive', missing_features: 'Something is missing', switched_service: 'I found something else', unused: 'I do not use it enough', customer_service: 'The service was poor', too_complex: 'It is too hard to use', low_quality: 'The quality is not good enough', other: 'Another reason' }

export function cancelPage(visit: Visit, subscription: Subscription, error: string | null): Reply {
  const { configuration, base } = visit
  const { mode, cancellation_reason } = configuration.features.subscription_cancel
  const { end } = currentPeriod(subscription)
  return framed(
    visit,
    'Cancel',
    error,
    html`<section class="sheet">
      <h1>Cancel ${nameOf(visit.world, subscription.items.data[0]!.price)}</h1>
      <p>${mode === 'immediately' ? 'It ends at once.' : html`It stays active until ${time(end)} and then ends.`}</p>
      <form method="post" action="${base}/cancel/${subscription.id}" class="stack">
        ${cancellation_reason.enabled && html`<fieldset class="stack"><legend>Why <span class="optional">(optional)</span></legend>
          ${cancellation_reason.options.map((reason) => html`<label class="choice"><input type="radio" name="feedback" value="${reason}" /> <span>${REASONS[reason] ?? reason}</span></label>`)}</fieldset>
          ${field({ name: 'comment', label: 'Anything else', optional: true })}`}
        <div class="row"><button class="red">Cancel the plan</button> <a class="button outline" href="${base}/home">Keep it</a></div>
      </form>
    </section>`,
  )
}

export function donePage(visit: Visit): Reply {
  const message = visit.session.flow?.after_completion.hosted_confirmation?.custom_message
  return framed(visit, 'Done', null, html`<section class="sheet"><h1>Done</h1><p>${message ?? 'Your change is saved.'}</p>${visit.session.return_url && html`<p><a class="button ink" href="${visit.session.return_url}">Back to Scrip</a></p>`}</section>`)
}

function nameOf(world: Visit['world'], price: Price): string {
  return world.tables.products.get(price.product)?.name ?? price.nickname ?? price.id
}
