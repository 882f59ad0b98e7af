import { money } from '../core/money.ts'
import type { ApiObject, Customer, Event } from '../core/shapes.ts'
import { objectById } from '../core/lookup.ts'
import { html } from '../html/html.ts'
import type { Html } from '../html/html.ts'
import { invoiceBadge } from '../pages/invoice/invoice-page.ts'
import { time } from '../html/layout.ts'
import { stateBadge } from '../pages/portal/home.ts'
import { actionsFor, noteOn } from './actions.ts'
import { linkTo } from './view.ts'
import type { View } from './view.ts'
import { actionButton } from './action-button.ts'
import type { Sandbox } from './sandbox.ts'
import { badge, short } from './timeline.ts'

const SHOWN = 30

/** The customers, and the objects of the selected one. */
export function tree(sandbox: Sandbox, view: View): Html {
  const customers = sandbox.world.tables.customers.filter(() => true)
  return html`<h2 id="objects-title">Customers</h2>
    ${customers.length === 0 && html`<p class="empty">No customers yet.</p>`}
    <ul class="tree">
      ${customers.slice(0, SHOWN).map(
        (customer) =>
          html`<li>
            <a
              href="${linkTo(view, { customer: customer.id, object: customer.id, before: null })}"
              ${view.customer === customer.id && html`aria-current="true"`}
              >${customer.email ?? customer.name ?? customer.id}</a
            >
            ${view.customer === customer.id && belongings(sandbox, view, customer)}
          </li>`,
      )}
    </ul>
    ${customers.length > SHOWN && html`<p class="fine">The newest ${SHOWN} of ${customers.length}.</p>`}`
}

function belongings(sandbox: Sandbox, view: View, { id }: Customer): Html {
  const { subscriptions, invoices, charges, disputes } = sandbox.world.tables
  const mine = (row: { customer?: string | null }) => row.customer === id
  const entry = (row: ApiObject, label: string, extra: Html | null) =>
    html`<li>
      <a href="${linkTo(view, { object: row.id })}#object" ${view.object === row.id && html`aria-current="true"`}
        >${label}</a
      >
      ${extra}
    </li>`
  return html`<ul>
    ${subscriptions.filter(mine).map((row) =>
      entry(
        row,
        `Subscription, ${money(
          row.items.data.reduce((sum, { price, quantity }) => sum + (price.unit_amount ?? 0) * (quantity ?? 1), 0),
          row.currency,
        )}`,
        stateBadge(row),
      ),
    )}
    ${invoices
      .filter(mine)
      .slice(0, 12)
      .map((row) => entry(row, `Invoice, ${money(row.total, row.currency)}`, invoiceBadge(row.status)))}
    ${charges
      .filter((row) => mine(row) && row.paid)
      .slice(0, 12)
      .map((row) =>
        entry(
          row,
          `Charge, ${money(row.amount, row.currency)}`,
          row.amount_refunded > 0
            ? html`<span class="badge neutral">${row.refunded ? 'Refunded' : 'Partially refunded'}</span>`
            : row.disputed
              ? html`<span class="badge debt">Disputed</span>`
              : null,
        ),
      )}
    ${disputes
      .filter((row) => mine(charges.get(String(row.charge)) ?? {}))
      .slice(0, 12)
      .map((row) => entry(row, `Dispute, ${money(row.amount, row.currency)}`, disputeBadge(row.status)))}
  </ul>`
}

function disputeBadge(status: string): Html {
  if (status === 'won') return html`<span class="badge credit">Won</span>`
  return html`<span class="badge debt">${status === 'lost' ? 'Lost' : 'Open'}</span>`
}

/** The selected object in its current state, or an event with each delivery attempt. */
export function objectPanel(sandbox: Sandbox, view: View): Html {
  const object = view.object ? objectById(sandbox.world, view.object) : undefined
  if (!object)
    return html`<h2 id="object-title">Nothing selected</h2>
      <p class="fine">
        Select an event or an object to see it
        here${view.object && html`; <span class="mono">${view.object}</span> no longer exists`}.
      </p>`
  const actions = actionsFor(sandbox, object)
  const note = noteOn(object)
  return html`<h2 id="object-title" class="mono">${object.object}</h2>
    <p class="mono fine">${object.id}</p>
    ${actions.length > 0 && html`<div class="row">${actions.map(({ name, label }) => actionButton(view, 'do', `${name}:${object.id}`, label))}</div>`}
    ${note && actions.length > 0 && html`<p class="fine">${note}</p>`}
    ${object.object === 'event' && attempts(sandbox, view, object as unknown as Event)}
    <details open>
      <summary>JSON</summary>
      <pre tabindex="0" role="region" aria-label="JSON">${linked(view, object)}</pre>
    </details>`
}

function attempts(sandbox: Sandbox, view: View, event: Event): Html {
  const deliveries = sandbox.world.tables.deliveries.filter((row) => row.event === event.id)
  return html`<div class="row">
      ${actionButton(view, 'resend', event.id, 'Send again')}
      ${actionButton(view, 'resend_twice', event.id, 'Send twice')}
    </div>
    ${deliveries.map(
      (delivery) =>
        html`<div class="attempts">
          <p>${badge(sandbox, delivery)}</p>
          ${
            delivery.attempts.length > 0 &&
            html`<ol>
              ${delivery.attempts.map(({ at, status, milliseconds, answer }) => html`<li class="fine">${time(at)}: ${status ?? 'no answer'}, ${milliseconds} ms${answer && html` <code>${answer.slice(0, 120)}</code>`}</li>`)}
            </ol>`
          }
        </div>`,
    )}`
}

/** JSON in which every id links to its object. */
function linked(view: View, object: ApiObject): (Html | string)[] {
  const { id, object: kind, ...rest } = object as ApiObject & Record<string, unknown>
  const text = JSON.stringify({ id, object: kind, ...rest }, null, 2)
  return text
    .split(
      /"((?:cus|sub|sub_sched|in|pi|ch|pm|price|prod|re|du|evt|ii|inpay|txn|cs|promo|di|bps|bpc|si)_[A-Za-z0-9_]{10,})"/,
    )
    .map((part, index) =>
      index % 2 === 1 && part !== object.id
        ? html`"<a href="${linkTo(view, { object: part })}#object">${short(part)}</a>"`
        : index % 2 === 1
          ? `"${part}"`
          : part,
    )
}
