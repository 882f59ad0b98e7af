import type { Coupon, Discount, InvoiceLine, TaxRate } from '../../core/shapes.ts'

/** A discount with its coupon. */
export interface AppliedDiscount {
  discount: Discount
  coupon: Coupon
}

/** The amount of one discount; negative on a credit line. */
export interface DiscountAmount {
  discount: string
  amount: number
}

export interface TaxRule {
  rate: TaxRate
  /** Which lines' prices already contain the tax. */
  inclusive: (line: InvoiceLine) => boolean
}

export interface Totals {
  lines: InvoiceLine[]
  subtotal: number
  discount: number
  discounts: DiscountAmount[]
  /** All tax, and the part that is added to the prices. */
  tax: number
  addedTax: number
  total: number
}

/**
 * Adds up lines: discounts are subtracted line by line, then tax is calculated on the rest. Lines with discounts of
 * their own, which are prorations, keep them.
 */
export function addUp(lines: InvoiceLine[], discounts: AppliedDiscount[], tax: TaxRule | null): Totals {
  const discounted = discounts.reduce(takeOff, lines)
  const taxed = tax ? discounted.map((line) => withTax(line, tax)) : discounted
  const subtotal = sum(taxed.map(({ amount }) => amount))
  const ids = new Set(taxed.flatMap((line) => (line.discount_amounts ?? []).map(({ discount }) => discount)))
  const perDiscount = [...ids].map((id) => ({ discount: id, amount: sum(taxed.map((line) => offBy(line, id))) }))
  const discount = sum(perDiscount.map(({ amount }) => amount))
  const taxes = taxed.flatMap((line) => line.taxes ?? [])
  const addedTax = sum(taxes.filter(({ tax_behavior }) => tax_behavior === 'exclusive').map(({ amount }) => amount))
  return {
    lines: taxed,
    subtotal,
    discount,
    discounts: perDiscount.filter(({ amount }) => amount !== 0),
    tax: sum(taxes.map(({ amount }) => amount)),
    addedTax,
    total: subtotal - discount + addedTax,
  }
}

function takeOff(lines: InvoiceLine[], { discount, coupon }: AppliedDiscount): InvoiceLine[] {
  const eligible = lines.filter(
    (line) => line.discountable && line.amount > 0 && appliesTo(coupon, line.pricing?.price_details?.product),
  )
  const base = sum(eligible.map(net))
  let left = coupon.amount_off === null ? 0 : Math.min(coupon.amount_off, base)
  return lines.map((line) => {
    if (!eligible.includes(line)) return line
    const last = line === eligible.at(-1)
    const share = last ? left : Math.round(((coupon.amount_off ?? 0) * net(line)) / (base || 1))
    const amount =
      coupon.percent_off === null
        ? Math.min(share, left, net(line))
        : Math.round((net(line) * coupon.percent_off) / 100)
    left -= coupon.percent_off === null ? amount : 0
    return {
      ...line,
      discounts: [...line.discounts, discount.id],
      discount_amounts: [...(line.discount_amounts ?? []), { amount, discount: discount.id }],
      pretax_credit_amounts: [
        ...(line.pretax_credit_amounts ?? []),
        { amount, discount: discount.id, type: 'discount' },
      ],
    }
  })
}

/** Whether a coupon applies to this product. */
export function appliesTo(coupon: Coupon, product: string | undefined): boolean {
  return !coupon.applies_to || (product !== undefined && coupon.applies_to.products.includes(product))
}

function withTax(line: InvoiceLine, { rate, inclusive }: TaxRule): InvoiceLine {
  const base = net(line)
  const within = inclusive(line)
  const percentage = rate.percentage
  const amount = Math.round(within ? (base * percentage) / (100 + percentage) : (base * percentage) / 100)
  return {
    ...line,
    taxes: [
      {
        amount,
        tax_behavior: within ? 'inclusive' : 'exclusive',
        tax_rate_details: { tax_rate: rate.id },
        taxability_reason: 'standard_rated',
        taxable_amount: within ? base - amount : base,
        type: 'tax_rate_details',
      },
    ],
  }
}

function net(line: InvoiceLine): number {
  return line.amount - sum((line.discount_amounts ?? []).map(({ amount }) => amount))
}

function offBy(line: InvoiceLine, discount: string): number {
  return sum((line.discount_amounts ?? []).filter((off) => off.discount === discount).map(({ amount }) => amount))
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
