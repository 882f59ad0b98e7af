import type { CheckoutOrder } from '../../core/rows.ts'
import type { Totals } from '../../billing/invoices/totals.ts'
import { money } from '../../core/money.ts'
import { hasTrial } from '../../billing/checkout/totals.ts'
import { trialEndAfter } from '../../billing/lifecycle/create-subscription.ts'
import type { CheckoutSession, LineItem } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import type { FormError, Typed } from './payment-form.ts'
import { html } from '../../html/html.ts'
import type { Html } from '../../html/html.ts'
import { field, time } from '../../html/layout.ts'

/** The left half: items, discounts, tax, and the amount due today. It can be folded on a phone. */
export function orderStub(
  world: World,
  session: CheckoutSession,
  order: CheckoutOrder,
  totals: Totals & { items: LineItem[] },
  { values, errors, shop }: { values: Typed; errors: FormError[]; shop: string },
): Html {
  const currency = session.currency ?? 'usd'
  const recurring = totals.items.find(({ price }) => price?.recurring)
  const trial = hasTrial(world, session, order)
  const trialEnd =
    order.subscriptionData.trialEnd ?? trialEndAfter(world.now(session.customer), order.subscriptionData.trialDays ?? 0)
  return html`<section class="order" aria-labelledby="order-title">
    <details open>
      <summary><h2 id="order-title">Order: ${money(totals.total, currency)}</h2></summary>
      <p class="denomination">${money(totals.total, currency)}</p>
      <p class="lead">
        ${trial ? html`Free until ${time(trialEnd, { hour: false })}, then ${priceOf(recurring)}` : recurring ? `${priceOf(recurring)}, billed by ${shop}` : `Billed once by ${shop}`}
      </p>
      <table>
        <caption class="sr-only">
          What you order
        </caption>
        <tbody>
          ${totals.items.map(
            (item) =>
              html`<tr>
                <th scope="row">
                  ${item.description}${(item.quantity ?? 1) > 1 && html` <span class="fine">× ${item.quantity}</span>`}
                  ${brings(world, item)}
                </th>
                <td>${money(item.amount_subtotal, currency)}</td>
              </tr>`,
          )}
        </tbody>
        <tfoot>
          ${
            (totals.discount > 0 || totals.tax > 0) &&
            html`<tr>
              <th scope="row">Subtotal</th>
              <td>${money(totals.subtotal, currency)}</td>
            </tr>`
          }
          ${
            totals.discount > 0 &&
            html`<tr>
              <th scope="row">${discountLabel(world, order)}</th>
              <td>${money(-totals.discount, currency)}</td>
            </tr>`
          }
          ${
            session.automatic_tax.enabled &&
            html`<tr>
              <th scope="row">Tax${totals.tax > totals.addedTax && ' (included)'}</th>
              <td>${money(totals.tax, currency)}</td>
            </tr>`
          }
          <tr class="total">
            <th scope="row">Due today</th>
            <td>${money(totals.total, currency)}</td>
          </tr>
        </tfoot>
      </table>
      ${session.allow_promotion_codes && promotion(session, order, values, errors)}
    </details>
  </section>`
}

/** The product's description, such as its credits. */
function brings({ tables }: World, { price }: LineItem): Html | false {
  const { product } = price ?? {}
  const text = typeof product === 'string' ? tables.products.get(product)?.description : null
  return text ? html`<span class="fine">${text}</span>` : false
}

function priceOf(item: LineItem | undefined): string {
  const price = item?.price
  if (!price?.recurring) return ''
  const { interval, interval_count } = price.recurring
  return `${money((price.unit_amount ?? 0) * (item?.quantity ?? 1), price.currency)} ${interval_count === 1 ? `a ${interval}` : `every ${interval_count} ${interval}s`}`
}

function discountLabel(world: World, order: CheckoutOrder): string {
  const names = order.discounts.map(({ coupon, promotion_code }) => {
    const code = promotion_code && world.tables.promotionCodes.get(promotion_code)
    const found = world.tables.coupons.get((code && code.promotion.coupon) || coupon || '')
    return code ? code.code : (found?.name ?? found?.id)
  })
  return `Discount (${names.join(', ')})`
}

function promotion(session: CheckoutSession, order: CheckoutOrder, values: Typed, errors: FormError[]): Html {
  if (order.discounts.length > 0)
    return html`<form method="post" action="/c/pay/${session.id}">
      <button class="quiet" name="promotion" value="remove">Remove the discount</button>
    </form>`
  return html`<form method="post" action="/c/pay/${session.id}" class="promotion">
    ${field({ name: 'code', label: 'Promotion code', value: values.code ?? '', error: errors.find((error) => error.field === 'code')?.message, optional: true })}
    <button class="outline" name="promotion" value="apply">Apply</button>
  </form>`
}
