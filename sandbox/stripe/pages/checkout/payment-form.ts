import { noAddress } from '../../core/shapes.ts'
import type { Address, CheckoutSession } from '../../core/shapes.ts'
import { findTestCard } from '../../billing/payments/test-cards.ts'
import type { CheckoutEntry } from '../../billing/checkout/pay-session.ts'
import { kindOfTaxId } from '../../billing/customers/tax-id.ts'
import { isCountry } from './countries.ts'

export interface FormError {
  field: string
  message: string
}

/** The input of each field, so that a refused form keeps it. */
export type Typed = Record<string, string>

export function typed(form: URLSearchParams): Typed {
  return Object.fromEntries([...form].map(([name, value]) => [name, value.trim()]))
}

export interface Needs {
  card: boolean
  email: boolean
  /** Street, city and postal code in addition to the country. */
  address: boolean
  taxId: boolean
}

export function needsOf(session: CheckoutSession): Needs {
  const free = (session.amount_total ?? 0) === 0
  return {
    card: !(free && session.payment_method_collection === 'if_required') || session.mode === 'setup',
    email: !session.customer_details?.email,
    address: session.billing_address_collection === 'required',
    taxId: session.tax_id_collection?.enabled ?? false,
  }
}

/** Parses the payment form: an entry to pay with, or its errors. */
export function readEntry(form: Typed, needs: Needs): { entry: CheckoutEntry; errors: FormError[] } {
  const errors: FormError[] = []
  const check = (field: string, message: string, ok: boolean) => void (ok || errors.push({ field, message }))
  const value = (name: string) => form[name] ?? ''
  if (needs.email) check('email', 'Enter your email address.', /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value('email')))
  const isCard = findTestCard(value('number'))?.brand !== 'sepa_debit'
  const expiry = value('expiry').match(/^(\d{1,2})\s*[/-]?\s*(\d{2}|\d{4})$/)
  if (needs.card) {
    check(
      'number',
      value('number') ? 'This is not one of the test cards. Choose one from the list.' : 'Enter the card number.',
      Boolean(findTestCard(value('number'))),
    )
    check('expiry', 'Enter the expiry date as month and year, such as 12 / 34.', !isCard || Boolean(expiry))
    check(
      'cvc',
      'Enter the security code: 3 digits, or 4 on American Express.',
      !isCard || /^\d{3,4}$/.test(value('cvc')),
    )
    check('name', 'Enter the name on the card.', value('name') !== '')
    check('country', 'Choose a country.', isCountry(value('country')))
  }
  if (needs.card && needs.address) {
    check('line1', 'Enter the street and number.', value('line1') !== '')
    check('city', 'Enter the town or city.', value('city') !== '')
    check('postal_code', 'Enter the postal code.', value('postal_code') !== '')
  }
  if (needs.taxId && value('tax_id'))
    check('tax_id', 'Enter the tax ID as registered, such as DE123456789.', kindOfTaxId(value('tax_id')) !== null)
  const address: Address = {
    ...noAddress,
    country: value('country') || null,
    line1: value('line1') || null,
    line2: value('line2') || null,
    city: value('city') || null,
    postal_code: value('postal_code') || null,
    state: value('state') || null,
  }
  const card = needs.card
    ? {
        number: value('number'),
        expMonth: isCard ? Number(expiry?.[1]) : 12,
        expYear: isCard ? Number(expiry?.[2]) : 34,
      }
    : null
  return {
    entry: {
      card,
      email: value('email') || undefined,
      name: value('name') || undefined,
      address: needs.card ? address : undefined,
      taxId: needs.taxId ? value('tax_id') || undefined : undefined,
    },
    errors,
  }
}
