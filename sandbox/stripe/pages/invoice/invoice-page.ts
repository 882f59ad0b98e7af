import { collect } from '../../billing/collection/collect.ts'
import { createCardMethod, attach } from '../../billing/payments/payment-method.ts'
import { money } from '../../core/money.ts'
import { StripeApiError } from '../../core/errors.ts'
import type { Charge, Invoice } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import type { Reply } from '../../http/reply.ts'
import { testCards } from '../../billing/payments/test-cards.ts'
import { html } from '../../html/html.ts'
import type { Html } from '../../html/html.ts'
import { invoicePdf } from './invoice-pdf.ts'
import { errorSummary, page, redirect, time } from '../../html/layout.ts'

/** The invoice at a hosted address, whose path ends in the invoice's secret part. */
function byUrl(world: World, field: 'hosted_invoice_url' | 'invoice_pdf', path: string): Invoice | undefined {
  return world.tables.invoices.filter(
    (invoice) => invoice[field] != null && new URL(invoice[field]).pathname === path,
  )[0]
}

export async function pdfPage(world: World, path: string): Promise<Reply | null> {
  const invoice = byUrl(world, 'invoice_pdf', path)
  if (!invoice) return null
  return {
    body: await invoicePdf(invoice),
    headers: {
      'Content-Type': 'application/pdf',
      'Content-Disposition': `inline; filename="Invoice-${invoice.number}.pdf"`,
    },
  }
}

/** The hosted invoice page: to read, to print, and to pay while it is open. */
export function invoicePage(world: World, method: string, path: string, form: URLSearchParams): Reply | null {
  const invoice = byUrl(world, 'hosted_invoice_url', path)
  if (!invoice) return null
  if (method !== 'POST') return show(invoice, null)
  const error = payNow(world, invoice, form.get('card') ?? '')
  return error ? show(invoice, error) : redirect(path)
}

function payNow(world: World, invoice: Invoice, number: string): string | null {
  if (invoice.status !== 'open') return null
  try {
    return world.run(() => {
      const card = createCardMethod(world, { number, expMonth: 12, expYear: 2034 })
      const { error } = collect(world, invoice, {
        method: attach(world, card, world.tables.customers.get(invoice.customer!)!),
      })
      return error?.message ?? null
    })
  } catch (error) {
    if (error instanceof StripeApiError) return error.message
    throw error
  }
}

const STATES: Record<string, { word: string; kind: string }> = {
  draft: { word: 'Draft', kind: 'neutral' },
  open: { word: 'Open', kind: 'due' },
  paid: { word: 'Paid', kind: 'credit' },
  uncollectible: { word: 'Uncollectible', kind: 'debt' },
  void: { word: 'Void', kind: 'neutral' },
}

export function invoiceBadge(status: string | null): Html {
  const { word, kind } = STATES[status ?? ''] ?? { word: status ?? 'Unknown', kind: 'neutral' }
  return html`<span class="badge ${kind}">${word}</span>`
}

function show(invoice: Invoice, error: string | null): Reply {
  const { currency, pre_payment_credit_notes_amount: noted } = invoice
  const isPartPaid = invoice.status !== 'paid' && invoice.amount_paid > 0
  const sum = invoice.status === 'paid' ? invoice.amount_paid : invoice.amount_due - invoice.amount_paid
  const row = (label: string, amount: number) =>
    html`<tr>
      <th scope="row">${label}</th>
      <td></td>
      <td>${money(amount, currency)}</td>
    </tr>`
  return page(
    { title: `Invoice ${invoice.number}`, error: error !== null },
    html`<article class="sheet invoice">
      ${errorSummary(error ? [{ message: `${error} Try another card.`, field: 'card' }] : [])}
      <div class="split">
        <h1>Invoice ${invoice.number}</h1>
        ${invoiceBadge(invoice.status)}
      </div>
      <p class="denomination">${money(sum, currency)}</p>
      <dl>
        <div>
          <dt>From</dt>
          <dd>${invoice.account_name}</dd>
        </div>
        <div>
          <dt>To</dt>
          <dd>
            ${invoice.customer_name ?? invoice.customer_email ?? invoice.customer}${invoice.customer_name && invoice.customer_email && html`<br />${invoice.customer_email}`}
          </dd>
        </div>
        <div>
          <dt>Issued</dt>
          <dd>${time(invoice.effective_at ?? invoice.created, { hour: false })}</dd>
        </div>
        ${
          invoice.status_transitions.paid_at &&
          html`<div>
            <dt>Paid</dt>
            <dd>${time(invoice.status_transitions.paid_at, { hour: false })}</dd>
          </div>`
        }
      </dl>
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">Description</th>
            <th scope="col">Quantity</th>
            <th scope="col">Amount</th>
          </tr>
        </thead>
        <tbody>
          ${invoice.lines.data.map(
            (line) =>
              html`<tr>
                <th scope="row">
                  ${line.description}<br /><span class="fine"
                    >${time(line.period.start, { hour: false })} to ${time(line.period.end, { hour: false })}</span
                  >
                </th>
                <td>${line.quantity}</td>
                <td>${money(line.amount, currency)}</td>
              </tr>`,
          )}
        </tbody>
        <tfoot>
          ${row('Subtotal', invoice.subtotal)}
          ${(invoice.total_discount_amounts ?? []).map(({ amount }) => row('Discount', -amount))}
          ${(invoice.total_taxes ?? []).filter(({ amount }) => amount !== 0).map(({ amount, tax_behavior }) => row(tax_behavior === 'inclusive' ? 'Tax (included)' : 'Tax', amount))}
          ${row('Total', invoice.total)}
          ${invoice.starting_balance !== 0 && row('Balance applied', invoice.amount_due + noted - invoice.total)}
          ${noted > 0 && row('Credit notes', -noted)} ${isPartPaid && row('Paid so far', -invoice.amount_paid)}
          <tr class="total">
            <th scope="row">${invoice.status === 'paid' ? 'Amount paid' : 'Amount due'}</th>
            <td></td>
            <td>${money(sum, currency)}</td>
          </tr>
        </tfoot>
      </table>
      <p class="row no-print"><a class="button outline" href="${invoice.invoice_pdf}">Open the PDF</a></p>
      ${invoice.status === 'open' && payForm(invoice)}
    </article>`,
  )
}

function payForm(invoice: Invoice): Html {
  return html`<form method="post" class="no-print stack">
    <div class="field">
      <label for="card">Test card</label>
      <select id="card" name="card">
        ${testCards.slice(0, 4).map(({ number, label }) => html`<option value="${number}">${label}, ending ${number.slice(-4)}</option>`)}
      </select>
    </div>
    <button class="ink">Pay ${money(invoice.amount_remaining, invoice.currency)}</button>
  </form>`
}

/** The receipt of a charge. */
export function receiptPage(world: World, id: string): Reply | null {
  const charge: Charge | undefined = world.tables.charges.get(id)
  if (!charge) return null
  const card = charge.payment_method_details?.card
  return page(
    { title: 'Receipt', width: 'narrow' },
    html`<article class="sheet">
      <h1>Receipt</h1>
      <p class="denomination">${money(charge.amount, charge.currency)}</p>
      <dl>
        <div>
          <dt>Paid</dt>
          <dd>${time(charge.created)}</dd>
        </div>
        <div>
          <dt>With</dt>
          <dd>${card?.brand} ending ${card?.last4}</dd>
        </div>
        ${
          charge.amount_refunded > 0 &&
          html`<div>
            <dt>Refunded</dt>
            <dd>${money(charge.amount_refunded, charge.currency)}</dd>
          </div>`
        }
      </dl>
    </article>`,
  )
}
