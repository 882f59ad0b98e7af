import { testCards, testDebits } from '../../billing/payments/test-cards.ts'
import { answerBank, payCheckout } from '../../billing/checkout/pay-session.ts'
import { checkoutTotals, hasTrial, withTotals } from '../../billing/checkout/totals.ts'
import { money } from '../../core/money.ts'
import { StripeApiError } from '../../core/errors.ts'
import type { CheckoutSession } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import type { Reply } from '../../http/reply.ts'
import { countries } from './countries.ts'
import { needsOf, readEntry, typed } from './payment-form.ts'
import type { FormError, Typed } from './payment-form.ts'
import { orderStub } from './order-summary.ts'
import { applyPromotion } from '../../billing/checkout/promotion-code.ts'
import { html } from '../../html/html.ts'
import type { Html } from '../../html/html.ts'
import { errorSummary, field, page, redirect } from '../../html/layout.ts'

/** The hosted checkout: GET shows the form, POST pays, fills in a test card, or applies a code. */
export function checkoutPage(world: World, method: string, id: string, form: URLSearchParams): Reply | null {
  const session = world.tables.checkoutSessions.get(id)
  if (!session) return null
  if (session.status !== 'open') return closed(world, session)
  const values = typed(form)
  if (method !== 'POST') return show(world, session, { country: usualCountry(world, session) }, [])
  if (values.fill) return show(world, session, filled(values), [])
  if (values.promotion !== undefined) {
    const error = world.run(() => applyPromotion(world, session, values.code ?? '', values.promotion!))
    if (!error) return redirect(`/c/pay/${id}`)
    const country = usualCountry(world, session)
    return show(world, session, { country, code: values.code ?? '' }, [{ field: 'code', message: error }])
  }
  return pay(world, session, values)
}

/** The country of the customer's address, else of their last payment. */
function usualCountry({ tables }: World, { customer, customer_details: known }: CheckoutSession): string {
  const own = known?.address?.country ?? tables.customers.get(customer ?? '')?.address?.country
  if (own) return own
  const [last] = customer ? tables.charges.filter((charge) => charge.customer === customer && charge.paid) : []
  return last?.billing_details.address?.country ?? 'US'
}

function pay(world: World, session: CheckoutSession, values: Typed): Reply {
  const { entry, errors } = readEntry(values, needsOf(session))
  if (errors.length > 0) return show(world, session, values, errors)
  try {
    const outcome = world.run(() => payCheckout(world, session, entry))
    if (outcome.result === 'authenticate') return redirect(outcome.url)
    if (outcome.result === 'declined')
      return show(world, session, values, [{ field: 'number', message: `${outcome.message} Try another card.` }])
    return redirect(successUrl(outcome.session))
  } catch (error) {
    if (!(error instanceof StripeApiError)) throw error
    return show(world, session, values, [{ field: 'number', message: error.message }])
  }
}

/** Where the customer is redirected, with the session's id in the place that the app chose. */
export function successUrl(session: CheckoutSession): string {
  return (session.success_url ?? '/').replaceAll('{CHECKOUT_SESSION_ID}', session.id)
}

function filled(values: Typed): Typed {
  return {
    ...values,
    number: grouped(values.fill!),
    expiry: '12 / 34',
    cvc: values.fill!.startsWith('3') ? '1234' : '123',
    name: values.name || 'Ada Lovelace',
    line1: values.line1 || '1 Main Street',
    city: values.city || 'Springfield',
    postal_code: values.postal_code || '12345',
    country: values.country || 'US',
  }
}

/** Groups digits as on the card; any other input is unchanged. */
function grouped(number: string): string {
  const digits = number.replaceAll(/[ -]/g, '')
  return /^\d+$/.test(digits) ? digits.replaceAll(/(\d{4})(?=\d)/g, '$1 ') : number
}

function show(world: World, before: CheckoutSession, values: Typed, errors: FormError[]): Reply {
  const order = world.tables.checkoutOrders.get(before.id)!
  // The tax follows the selected country before anything is stored.
  const session = values.country
    ? withTotals(
        world,
        {
          ...before,
          customer_details: {
            ...(before.customer_details ?? NOBODY),
            address: {
              city: null,
              line1: null,
              line2: null,
              postal_code: null,
              state: null,
              ...before.customer_details?.address,
              country: values.country,
            },
          },
        },
        order,
      )
    : before
  const totals = world.tables.transactions.rehearse(() => checkoutTotals(world, session, order))
  const needs = needsOf(session)
  const trial = hasTrial(world, session, order)
  const currency = session.currency ?? 'usd'
  const button = trial
    ? 'Start trial'
    : session.mode === 'setup'
      ? 'Save card'
      : session.mode === 'subscription' && totals.total === 0
        ? 'Subscribe'
        : `Pay ${money(totals.total, currency)}`
  const fieldOf = (name: string, label: string, options: Partial<Parameters<typeof field>[0]> = {}) =>
    field({
      name,
      label,
      value: values[name] ?? '',
      error: errors.find((error) => error.field === name)?.message,
      ...options,
    })
  const content = html`
    <h1 class="sr-only">Checkout</h1>
    <div class="checkout">
      ${orderStub(world, session, order, totals, { values, errors, shop: world.accountName })}
      <form class="payment" id="payment" method="post" action="/c/pay/${session.id}" novalidate>
        ${errorSummary(errors)}
        <h2>Your details</h2>
        ${needs.email ? fieldOf('email', 'Email', { type: 'email', autocomplete: 'email' }) : html`<p class="fixed"><span>Email</span> <strong>${session.customer_details?.email}</strong></p>`}
        ${needs.card ? cardFields(values, fieldOf, needs.address) : html`<p>No card is needed.</p>`}
        ${needs.taxId && fieldOf('tax_id', 'Business tax ID', { optional: true, hint: 'Printed on the invoice' })}
        <button class="ink wide" name="pay" value="1">${button}</button>
        ${session.mode === 'subscription' && html`<p class="fine">You authorize ${world.accountName} to charge this card each period until you cancel. This is a sandbox: no money moves.</p>`}
      </form>
      ${needs.card && testCardStrip(session)}
    </div>
  `
  return page(
    {
      title: 'Checkout',
      back: { url: session.cancel_url ?? '/', label: `Back to ${world.accountName}` },
      width: 'wide',
      script: 'checkout.js',
      error: errors.length > 0,
    },
    content,
  )
}

const NOBODY = {
  address: null,
  business_name: null,
  email: null,
  individual_name: null,
  name: null,
  phone: null,
  tax_exempt: 'none' as const,
  tax_ids: null,
}

function cardFields(
  values: Typed,
  fieldOf: (name: string, label: string, options?: Partial<Parameters<typeof field>[0]>) => Html,
  wholeAddress: boolean,
): Html {
  return html`
    <fieldset>
      <legend>Card</legend>
      ${fieldOf('number', 'Card number', { value: grouped(values.number ?? ''), autocomplete: 'cc-number', inputmode: 'numeric' })}
      <div class="pair">
        ${fieldOf('expiry', 'Expiry date', { autocomplete: 'cc-exp', inputmode: 'numeric', hint: 'Month and year' })}
        ${fieldOf('cvc', 'CVC', { autocomplete: 'cc-csc', inputmode: 'numeric', hint: 'On the back' })}
      </div>
      ${fieldOf('name', 'Name on card', { autocomplete: 'cc-name' })}
    </fieldset>
    <fieldset>
      <legend>Billing address</legend>
      <div class="field">
        <label for="country">Country</label>
        <select id="country" name="country" autocomplete="billing country">
          ${countries.map(({ code, name }) => html`<option value="${code}" ${code === (values.country ?? 'US') && html`selected`}>${name}</option>`)}
        </select>
        <p class="field-error" id="country-error"></p>
      </div>
      ${
        wholeAddress &&
        html`${fieldOf('line1', 'Street and number', { autocomplete: 'billing address-line1' })}
          ${fieldOf('line2', 'Apartment, floor', { autocomplete: 'billing address-line2', optional: true })}
          <div class="pair">
            ${fieldOf('postal_code', 'Postal code', { autocomplete: 'billing postal-code' })}
            ${fieldOf('city', 'Town or city', { autocomplete: 'billing address-level2' })}
          </div>
          ${fieldOf('state', 'State, county or region', { autocomplete: 'billing address-level1', optional: true })}`
      }
    </fieldset>
  `
}

/** The test cards for each situation, as submit buttons, so that they fill in the form without a script too. */
function testCardStrip(session: CheckoutSession): Html {
  const debits = session.mode === 'payment' && session.payment_method_types.includes('sepa_debit') ? testDebits : []
  return html`<section class="test-cards" aria-labelledby="test-cards-title">
    <h2 id="test-cards-title">Test cards</h2>
    <p class="fine">Select one to fill in the form. Use any future date and any CVC.</p>
    <ul>
      ${[...testCards.slice(0, 7), ...debits].map(
        (card) =>
          html`<li>
            <button
              class="card"
              form="payment"
              name="fill"
              value="${card.number}"
              data-number="${grouped(card.number)}"
            >
              <strong>${card.label}</strong> <span class="mono">${grouped(card.number)}</span>
              <span class="fine">${card.result}</span>
            </button>
          </li>`,
      )}
    </ul>
  </section>`
}

function closed(world: World, session: CheckoutSession): Reply {
  const expired = session.status === 'expired'
  const back = session.cancel_url ?? session.success_url ?? '/'
  return page(
    {
      title: expired ? 'Checkout expired' : 'Already paid',
      back: { url: expired ? back : successUrl(session), label: `Back to ${world.accountName}` },
    },
    html`<section class="sheet">
      <h1>${expired ? 'This checkout has expired' : 'You are all done here'}</h1>
      <p>
        ${expired ? 'Nothing was charged. Go back to the shop and start again.' : 'This order is paid. Paying twice is not possible.'}
      </p>
      <p><a class="button ink" href="${expired ? back : successUrl(session)}">Back to ${world.accountName}</a></p>
    </section>`,
  )
}

/** The bank's page, for cards that require authentication. */
export function bankPage(world: World, method: string, id: string, form: URLSearchParams): Reply | null {
  const session = world.tables.checkoutSessions.get(id)
  if (!session) return null
  const waiting = world.tables.checkoutOrders.get(id)?.waiting
  if (session.status !== 'open' || !waiting) return closed(world, session)
  if (method === 'POST') {
    const outcome = world.run(() => answerBank(world, session, form.get('answer') === 'confirm'))
    if (outcome.result === 'complete') return redirect(successUrl(outcome.session))
    return show(world, world.tables.checkoutSessions.get(id)!, { country: usualCountry(world, session) }, [
      { field: 'number', message: outcome.result === 'declined' ? outcome.message : 'Your bank asks again.' },
    ])
  }
  return page(
    { title: 'Your bank', width: 'narrow', back: { url: `/c/pay/${id}`, label: 'Back to checkout' } },
    html`<section class="sheet">
      <h1>Your bank: confirm ${money(session.amount_total ?? 0, session.currency ?? 'usd')}?</h1>
      <p>${world.accountName} wants to charge your card. A real bank would ask for a code or a fingerprint here.</p>
      <form method="post" class="row">
        <button class="ink" name="answer" value="confirm">Confirm</button>
        <button class="outline" name="answer" value="refuse">Refuse</button>
      </form>
    </section>`,
  )
}
