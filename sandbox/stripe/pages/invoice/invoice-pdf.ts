import { buffer } from 'node:stream/consumers'
import PDFDocument from 'pdfkit'
import { money } from '../../core/money.ts'
import type { Invoice } from '../../core/shapes.ts'

const LEFT = 56
const WIDTH = 483
const INK = '#14241f'

/** The invoice as an A4 PDF. The same invoice gives the same file. */
export async function invoicePdf(invoice: Invoice): Promise<Buffer> {
  const info = { Title: `Invoice ${invoice.number ?? ''}`, CreationDate: new Date(invoice.created * 1000) }
  const pdf = new PDFDocument({ size: 'A4', margin: LEFT, info })
  pdf.fillColor(INK).strokeColor(INK).lineWidth(0.5)
  const line = (left: string, right = '', { isBold = false, size = 10 } = {}) => {
    pdf.font(isBold ? 'Helvetica-Bold' : 'Helvetica', size)
    if (pdf.y + 2 * size > pdf.page.maxY()) pdf.addPage()
    const y = pdf.y
    pdf.text(encodable(left), LEFT, y, { width: 380, height: size, ellipsis: '...' })
    pdf.text(encodable(right), LEFT, y, { width: WIDTH, align: 'right' })
    pdf.y = y + size + 8
  }
  const rule = () => {
    pdf
      .moveTo(LEFT, pdf.y)
      .lineTo(LEFT + WIDTH, pdf.y)
      .stroke()
    pdf.y += 8
  }
  const sum = (amount: number) => money(amount, invoice.currency)
  const isPaid = invoice.status === 'paid'

  line('Invoice', invoice.number ?? '', { isBold: true, size: 20 })
  line(`From ${invoice.account_name ?? ''}`, `Issued ${day(invoice.effective_at ?? invoice.created)}`)
  line(
    `To ${[invoice.customer_name, invoice.customer_email].filter(Boolean).join(', ')}`,
    isPaid ? `Paid ${day(invoice.status_transitions.paid_at ?? invoice.created)}` : `Status: ${invoice.status}`,
  )
  const { line1, postal_code, city, country } = invoice.customer_address ?? {}
  if (line1) line([line1, [postal_code, city].filter(Boolean).join(' '), country].filter(Boolean).join(', '))
  rule()
  for (const item of invoice.lines.data) {
    line(item.description ?? '', sum(item.amount))
    line(`${day(item.period.start)} to ${day(item.period.end)}`, '', { size: 8 })
  }
  rule()
  line('Subtotal', sum(invoice.subtotal))
  for (const { amount } of invoice.total_discount_amounts ?? []) line('Discount', sum(-amount))
  for (const { amount, tax_behavior } of invoice.total_taxes ?? [])
    if (amount) line(tax_behavior === 'inclusive' ? 'Tax (included)' : 'Tax', sum(amount))
  line('Total', sum(invoice.total))
  rule()
  const total = isPaid ? invoice.amount_paid : invoice.amount_due
  line(isPaid ? 'Amount paid' : 'Amount due', sum(total), { isBold: true, size: 12 })
  line('Made by the Stripe sandbox. No money has moved.', '', { size: 8 })
  pdf.end()
  return buffer(pdf)
}

/** The built-in fonts have only Latin letters; others become a question mark. */
const encodable = (text: string): string =>
  text
    .replaceAll('\u2212', '-')
    .replaceAll('\u00a0', ' ')
    .replace(/[^\x20-\x7e\u00a1-\u00ff€–—‘’“”•…]/gu, '?')

function day(moment: number): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(
    moment * 1000,
  )
}
