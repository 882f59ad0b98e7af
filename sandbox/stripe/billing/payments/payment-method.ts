import { StripeApiError, invalidRequest } from '../../core/errors.ts'
import { emit } from '../../core/events.ts'
import { newId } from '../../core/ids.ts'
import { find } from '../../core/lookup.ts'
import type { Customer, PaymentMethod, Subscription } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { newCardMethod } from '../../objects/payment.ts'
import type { BillingDetails } from '../../objects/payment.ts'
import { cardOfToken, findTestCard } from './test-cards.ts'
import type { TestCard } from './test-cards.ts'

export interface CardInput {
  number: string
  expMonth: number
  expYear: number
  details?: BillingDetails
  metadata?: Record<string, string>
}

/** A new payment method of a test card. Real card numbers are refused. */
export function createCardMethod(world: World, input: CardInput): PaymentMethod {
  const card = findTestCard(input.number)
  if (!card) {
    const message = luhn(input.number)
      ? 'Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, visit: https://stripe.com/docs/testing.'
      : 'Your card number is incorrect.'
    const code = luhn(input.number) ? 'card_declined' : 'incorrect_number'
    throw new StripeApiError(402, {
      type: 'card_error',
      code,
      ...(code === 'card_declined' && { decline_code: 'test_mode_live_card' }),
      message,
      param: 'number',
    })
  }
  const end = new Date(world.clock.now() * 1000)
  const year = input.expYear < 100 ? 2000 + input.expYear : input.expYear
  if (input.expMonth < 1 || input.expMonth > 12)
    throw new StripeApiError(402, {
      type: 'card_error',
      code: 'invalid_expiry_month',
      message: "Your card's expiration month is invalid.",
      param: 'exp_month',
    })
  if (year < end.getUTCFullYear() || (year === end.getUTCFullYear() && input.expMonth < end.getUTCMonth() + 1))
    throw new StripeApiError(402, {
      type: 'card_error',
      code: 'invalid_expiry_year',
      message: "Your card's expiration year is invalid.",
      param: 'exp_year',
    })
  return keep(world, card, newCardMethod(world.clock.now(), card, { ...input, expYear: year }))
}

/** `pm_card_visa` and similar: each use creates a new payment method. */
export function methodFromToken(world: World, token: string): PaymentMethod | undefined {
  const card = cardOfToken(token)
  if (!card) return undefined
  const expYear = new Date(world.clock.now() * 1000).getUTCFullYear() + 4
  return keep(world, card, newCardMethod(world.clock.now(), card, { expMonth: 8, expYear, id: newId('pm') }))
}

/** An existing payment method, or a new one from a token. */
export function findMethod(world: World, id: string, param = 'payment_method'): PaymentMethod {
  return (
    world.tables.paymentMethods.get(id) ?? methodFromToken(world, id) ?? find(world.tables.paymentMethods, id, param)
  )
}

function keep(world: World, card: TestCard, method: PaymentMethod): PaymentMethod {
  world.tables.cards.insert({ id: method.id, number: card.number, authenticated: false })
  return world.tables.paymentMethods.insert(method)
}

/** Attaches a card to a customer. A card that always declines is declined here. */
export function attach(world: World, method: PaymentMethod, customer: Customer): PaymentMethod {
  if (method.customer === customer.id) return method
  if (method.customer)
    throw invalidRequest('The payment method you provided has already been attached to a customer.', 'payment_method')
  const behavior = findTestCard(world.tables.cards.get(method.id)?.number ?? '')?.behavior
  if (behavior?.kind === 'declines')
    throw new StripeApiError(402, {
      type: 'card_error',
      code: behavior.code,
      decline_code: behavior.declineCode,
      message: behavior.message,
    })
  const attached = world.tables.paymentMethods.update(method.id, { customer: customer.id })
  emit(world, 'payment_method.attached', attached)
  return attached
}

/** The card that pays for a subscription: its own, else the customer's default. */
export function methodFor(
  world: World,
  customer: Customer,
  subscription?: Subscription | null,
): PaymentMethod | undefined {
  const id = subscription?.default_payment_method ?? customer.invoice_settings.default_payment_method
  return id ? world.tables.paymentMethods.get(id) : undefined
}

function luhn(number: string): boolean {
  const digits = number.replaceAll(/\D/g, '')
  if (digits.length < 13) return false
  let sum = 0
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index])
    const doubled = index % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
