import { PDFDocument, StandardFonts, rgb } from 'pdf-lib'
import type { PDFFont, PDFPage } from 'pdf-lib'
import { money } from '../../core/money.ts'
import type { Invoice } from '../../core/shapes.ts'

const LEFT = 56
const RIGHT = 539
const INK = rgb(0.08, 0.14, 0.12)

/** The invoice as a PDF of one page or more, A4. */
export async function invoicePdf(invoice: Invoice): Promise<Uint8Array> {
  const pdf = await PDFDocument.create()
  pdf.setTitle(`Invoice ${invoice.number ?? ''}`)
  const created = new Date(invoice.created * 1000)
  // The same invoice makes the same file.
  pdf.setCreationDate(created)
  pdf.setModificationDate(created)
  const regular = await pdf.embedFont(StandardFonts.Helvetica)
  const bold = await pdf.embedFont(StandardFonts.HelveticaBold)
  let sheet = pdf.addPage([595, 842])
  let y = 780
  const line = (left: string, right = '', font = regular, size = 10) => {
    if (y < 72) {
      sheet = pdf.addPage([595, 842])
      y = 780
    }
    write(sheet, left, LEFT, y, font, size)
    const shown = encodable(right, font)
    sheet.drawText(shown, { x: RIGHT - font.widthOfTextAtSize(shown, size), y, font, size, color: INK })
    y -= size + 8
  }
  const rule = () => {
    sheet.drawLine({ start: { x: LEFT, y: y + 10 }, end: { x: RIGHT, y: y + 10 }, thickness: 0.5, color: INK })
    y -= 6
  }
  const sum = (amount: number) => money(amount, invoice.currency)

  line('Invoice', invoice.number ?? '', bold, 20)
  y -= 8
  line(`From ${invoice.account_name ?? ''}`, `Issued ${day(invoice.effective_at ?? invoice.created)}`)
  line(
    `To ${[invoice.customer_name, invoice.customer_email].filter(Boolean).join(', ')}`,
    invoice.status === 'paid'
      ? `Paid ${day(invoice.status_transitions.paid_at ?? invoice.created)}`
      : `Status: ${invoice.status}`,
  )
  const { line1, postal_code, city, country } = invoice.customer_address ?? {
    line1: null,
    postal_code: null,
    city: null,
    country: null,
  }
  if (line1) line([line1, [postal_code, city].filter(Boolean).join(' '), country].filter(Boolean).join(', '))
  y -= 12
  rule()
  for (const item of invoice.lines.data) {
    line(item.description ?? '', sum(item.amount))
    line(`${day(item.period.start)} to ${day(item.period.end)}`, '', regular, 8)
  }
  rule()
  line('Subtotal', sum(invoice.subtotal))
  for (const { amount } of invoice.total_discount_amounts ?? []) line('Discount', sum(-amount))
  for (const { amount, tax_behavior } of invoice.total_taxes ?? [])
    if (amount) line(tax_behavior === 'inclusive' ? 'Tax (included)' : 'Tax', sum(amount))
  line('Total', sum(invoice.total))
  rule()
  line(
    invoice.status === 'paid' ? 'Amount paid' : 'Amount due',
    sum(invoice.status === 'paid' ? invoice.amount_paid : invoice.amount_due),
    bold,
    12,
  )
  y -= 24
  line('Made by the Stripe sandbox. No money has moved.', '', regular, 8)
  return pdf.save()
}

function write(sheet: PDFPage, text: string, x: number, y: number, font: PDFFont, size: number): void {
  let shown = encodable(text, font)
  while (font.widthOfTextAtSize(shown, size) > 380) shown = `${shown.slice(0, -4)}...`
  sheet.drawText(shown, { x, y, font, size, color: INK })
}

/** The built-in fonts know Latin letters only; other letters become a question mark rather than an error. */
function encodable(text: string, font: PDFFont): string {
  const known = new Set(font.getCharacterSet())
  return [...text.replaceAll('\u2212', '-').replaceAll('\u00a0', ' ')]
    .map((letter) => (known.has(letter.codePointAt(0)!) ? letter : '?'))
    .join('')
}

function day(moment: number): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(
    moment * 1000,
  )
}
