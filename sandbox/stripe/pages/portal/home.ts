import { money, rate } from '../../core/money.ts'
import { ENDED, currentPeriod } from '../../billing/subscriptions/status.ts'
import type { Invoice, Subscription } from '../../core/shapes.ts'
import type { Reply } from '../../http/reply.ts'
import { html } from '../../html/html.ts'
import type { Html } from '../../html/html.ts'
import { invoiceBadge } from '../invoice/invoice-page.ts'
import { time } from '../../html/layout.ts'
import { cardOf, framed, livingOf, nameOf } from './visit.ts'
import type { Visit } from './visit.ts'

/** The portal's first page: plan status, card and invoices. */
export function homePage(visit: Visit, error: string | null): Reply {
  const { world, session, base, configuration } = visit
  const subscriptions = livingOf(visit)
  const invoices = world.tables.invoices
    .filter((row) => row.customer === session.customer && row.status !== 'draft' && row.number !== null)
    .slice(0, 24)
  const customer = world.tables.customers.get(session.customer)
  const address = customer?.address
  return framed(
    visit,
    'Billing',
    error,
    html`<h1>Your billing</h1>
      ${subscriptions.map((subscription) => planSheet(visit, subscription))}
      ${
        subscriptions.length === 0 &&
        html`<section class="sheet">
          <h2>No subscription</h2>
          <p>You have no active subscription.</p>
        </section>`
      }
      <section class="sheet">
        <h2>Payment method</h2>
        <p>${cardOf(visit, subscriptions[0]) ?? 'No card is saved.'}</p>
        ${configuration.features.payment_method_update.enabled && html`<p><a class="button outline" href="${base}/card">Change card</a></p>`}
      </section>
      ${
        configuration.features.invoice_history.enabled &&
        html`<section class="sheet">
          <h2 id="invoices">Invoices</h2>
          ${invoices.length === 0 ? html`<p>No invoices yet.</p>` : invoiceTable(invoices)}
        </section>`
      }
      <section class="sheet">
        <h2>Billing address</h2>
        <p>
          ${customer?.name ?? customer?.email ?? 'No name'}${address?.line1 && html`<br />${address.line1}<br />${address.postal_code} ${address.city}`}${address?.country && html`<br />${address.country}`}
        </p>
      </section>`,
  )
}

function planSheet({ world, base, configuration }: Visit, subscription: Subscription): Html {
  const { end } = currentPeriod(subscription)
  const open = world.tables.invoices.get(subscription.latest_invoice ?? '')
  const { subscription_cancel, subscription_update } = configuration.features
  return html`<section class="sheet">
    <div class="split">
      <h2>
        ${subscription.items.data.map(({ price, quantity }) => `${nameOf(world, price)}${(quantity ?? 1) > 1 ? ` × ${quantity}` : ''}`).join(', ')}
      </h2>
      ${stateBadge(subscription)}
    </div>
    <p class="lead">${subscription.items.data.map(({ price }) => rate(price)).join(', ')}</p>
    <p>${sentence(subscription, end)}</p>
    ${open?.status === 'open' && html`<form method="post" action="${base}/pay/${open.id}"><button class="ink">Pay ${money(open.amount_remaining, open.currency)} now</button></form>`}
    <div class="row">
      ${subscription_update.enabled && html`<a class="button outline" href="${base}/plans/${subscription.id}">Change plan</a>`}
      ${willEnd(subscription) ? html`<form method="post" action="${base}/resume/${subscription.id}"><button class="ink">Do not cancel</button></form>` : subscription_cancel.enabled && html`<a class="button quiet" href="${base}/cancel/${subscription.id}">Cancel</a>`}
    </div>
  </section>`
}

function sentence(subscription: Subscription, end: number): Html {
  if (willEnd(subscription)) return html`Ends on ${time(subscription.cancel_at ?? end)}.`
  if (subscription.status === 'trialing') return html`The trial ends on ${time(end)}.`
  if (subscription.status === 'past_due' || subscription.status === 'unpaid')
    return html`The last payment failed. Change the card, then pay.`
  if (subscription.status === 'paused') return html`Paused until a card is added.`
  return html`Renews on ${time(end)}.`
}

/** Whether a cancellation is scheduled, by the flag or by a date alone. */
const willEnd = ({ status, cancel_at, cancel_at_period_end }: Subscription): boolean =>
  !ENDED.has(status) && (cancel_at_period_end || cancel_at !== null)

export function stateBadge(subscription: Subscription): Html {
  const { status } = subscription
  const kind = willEnd(subscription)
    ? 'due'
    : (({ active: 'credit', trialing: 'credit', past_due: 'due', unpaid: 'debt' } as Record<string, string>)[status] ??
      'neutral')
  const word = willEnd(subscription)
    ? 'Ends soon'
    : ((
        {
          active: 'Active',
          trialing: 'Trial',
          past_due: 'Payment due',
          unpaid: 'Unpaid',
          paused: 'Paused',
          canceled: 'Ended',
          incomplete: 'Not finished',
          incomplete_expired: 'Ended',
        } as Record<string, string>
      )[status] ?? status)
  return html`<span class="badge ${kind}">${word}</span>`
}

function invoiceTable(invoices: Invoice[]): Html {
  return html`<table class="figures" aria-labelledby="invoices">
    <thead>
      <tr>
        <th scope="col">Date</th>
        <th scope="col">Status</th>
        <th scope="col">Amount</th>
      </tr>
    </thead>
    <tbody>
      ${invoices.map(
        (invoice) =>
          html`<tr>
            <th scope="row">
              <a href="${invoice.hosted_invoice_url}"
                >${time(invoice.effective_at ?? invoice.created, { hour: false })}</a
              >
              <span class="fine"
                >(<a href="${invoice.invoice_pdf}">PDF<span class="sr-only"> of ${invoice.number}</span></a
                >)</span
              >
            </th>
            <td>${invoiceBadge(invoice.status)}</td>
            <td>${money(invoice.total, invoice.currency)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}
