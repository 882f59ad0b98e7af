import { testCards } from '../../billing/payments/test-cards.ts'
import { money, rate } from '../../core/money.ts'
import { currentPeriod } from '../../billing/subscriptions/status.ts'
import type { Invoice, Price, Subscription } from '../../core/shapes.ts'
import type { Reply } from '../../http/reply.ts'
import type { ItemChange } from '../../billing/lifecycle/update-subscription.ts'
import { html } from '../../html/html.ts'
import { field, time } from '../../html/layout.ts'
import { cardOf, framed, livingOf, nameOf } from './visit.ts'
import type { Visit } from './visit.ts'

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
          ${testCards.slice(0, 7).map(
            ({ number, label, result }, index) =>
              html`<label class="choice"
                ><input type="radio" name="number" value="${number}" ${index === 0 && html`checked`} />
                <span
                  ><strong>${label}</strong>, ending ${number.slice(-4)}<br /><span class="fine">${result}</span></span
                ></label
              >`,
          )}
        </fieldset>
        <div class="row">
          <button class="ink">Save card</button> <a class="button quiet" href="${visit.base}/home">Keep current card</a>
        </div>
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
          ${choices(visit, subscription).map(
            (price) =>
              html`<label class="choice"
                ><input type="radio" name="price" value="${price.id}" ${price.id === item!.price.id && html`checked`} />
                <span
                  ><strong>${nameOf(world, price)}</strong>,
                  ${rate(price)}${price.id === item!.price.id && html` <span class="fine">(now)</span>`}</span
                ></label
              >`,
          )}
        </fieldset>
        <div class="row">
          <button class="ink">Review change</button> <a class="button quiet" href="${base}/home">Keep my plan</a>
        </div>
      </form>
    </section>`,
  )
}

/** The plans to choose from: those of the configuration, or every active recurring price. */
function choices({ world, configuration }: Visit, subscription: Subscription): Price[] {
  const allowed = configuration.features.subscription_update.products?.flatMap(({ prices }) => prices)
  return world.tables.prices
    .filter(
      (price) =>
        price.active &&
        price.recurring !== null &&
        price.currency === subscription.currency &&
        (!allowed || allowed.includes(price.id)),
    )
    .sort((a, b) =>
      a.recurring!.interval === b.recurring!.interval
        ? (a.unit_amount ?? 0) - (b.unit_amount ?? 0)
        : a.recurring!.interval === 'month'
          ? -1
          : 1,
    )
}

export function confirmPage(
  visit: Visit,
  subscription: Subscription,
  items: ItemChange[],
  invoice: Invoice | null,
  query: URLSearchParams,
  error: string | null,
): Reply {
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
      ${
        invoice &&
        html`<table class="figures">
          <tbody>
            ${invoice.lines.data.map(
              (line) =>
                html`<tr>
                  <th scope="row">${line.description}</th>
                  <td>${money(line.amount, line.currency)}</td>
                </tr>`,
            )}
          </tbody>
          <tfoot>
            ${besides(invoice).map(
              ([label, amount]) =>
                html`<tr>
                  <th scope="row">${label}</th>
                  <td>${money(amount, invoice.currency)}</td>
                </tr>`,
            )}
            <tr class="total">
              <th scope="row">Due today</th>
              <td>${money(due, invoice.currency)}</td>
            </tr>
          </tfoot>
        </table>`
      }
      <form method="post" action="${base}/confirm/${subscription.id}" class="row">
        ${['item', 'price', 'quantity'].map((name) => html`<input type="hidden" name="${name}" value="${query.get(name) ?? ''}" />`)}
        <button class="ink">
          ${due > 0 && invoice ? `Pay ${money(due, invoice.currency)} and change` : 'Change plan'}
        </button>
        <a class="button quiet" href="${base}/home">Keep my plan</a>
      </form>
    </section>`,
  )
}

/** The rows between the lines of an invoice and its amount due. */
function besides({ subtotal, total, amount_due, total_discount_amounts }: Invoice): [string, number][] {
  const discount = (total_discount_amounts ?? []).reduce((sum, { amount }) => sum + amount, 0)
  const rows: [string, number][] = [
    ['Discount', -discount],
    ['Tax', total - subtotal + discount],
    ['Balance', amount_due - total],
  ]
  return rows.filter(([, amount]) => amount !== 0)
}

const REASONS: Record<string, string> = {
  too_expensive: 'It’s too expensive',
  missing_features: 'I need more features',
  switched_service: 'I found an alternative',
  unused: 'I no longer need it',
  customer_service: 'Customer service was less than expected',
  too_complex: 'Ease of use was less than expected',
  low_quality: 'Quality was less than expected',
  other: 'Another reason',
}

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
        ${
          cancellation_reason.enabled &&
          html`<fieldset class="stack">
              <legend>Why <span class="optional">(optional)</span></legend>
              ${cancellation_reason.options.map((reason) => html`<label class="choice"><input type="radio" name="feedback" value="${reason}" /> <span>${REASONS[reason] ?? reason}</span></label>`)}
            </fieldset>
            ${field({ name: 'comment', label: 'Anything else', optional: true })}`
        }
        <div class="row">
          <button class="red">Cancel the plan</button> <a class="button outline" href="${base}/home">Keep plan</a>
        </div>
      </form>
    </section>`,
  )
}

export function donePage(visit: Visit): Reply {
  const message = visit.session.flow?.after_completion.hosted_confirmation?.custom_message
  return framed(
    visit,
    'Done',
    null,
    html`<section class="sheet">
      <h1>Done</h1>
      <p>${message ?? 'Your change is saved.'}</p>
      ${visit.session.return_url && html`<p><a class="button ink" href="${visit.session.return_url}">Back to ${visit.world.accountName}</a></p>`}
    </section>`,
  )
}
