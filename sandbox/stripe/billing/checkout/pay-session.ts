import { StripeApiError, invalidRequest } from '../../core/errors.ts'
import { emit } from '../../core/events.ts'
import type { Address, CheckoutSession, Customer, PaymentIntent, PaymentMethod } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { newCustomer } from '../../objects/customer.ts'
import type { CheckoutOrder } from '../../core/rows.ts'
import { withTotals } from './totals.ts'
import { attach, createCardMethod } from '../payments/payment-method.ts'
import type { CardInput } from '../payments/payment-method.ts'
import { settle } from '../collection/collect.ts'
import { authenticate, behaviorOf, confirm, settlePending } from '../payments/payment-intent.ts'
import type { PaymentSituation } from '../payments/payment-intent.ts'
import { addTaxId, kindOfTaxId } from '../customers/tax-id.ts'
import { FULFILL, newIntent } from './fulfill.ts'
import { invoiceOf } from '../invoices/invoice-payment.ts'

/**
 * The checkout session's state machine: open → (paid, or nothing to pay) → complete, open → (24 hours, or on request)
 * → expired. A declined card leaves it open; a required authentication makes it wait.
 */
export type CheckoutResult =
  | { result: 'complete'; session: CheckoutSession }
  | { result: 'declined'; message: string }
  | { result: 'authenticate'; url: string }

export interface CheckoutEntry {
  card: CardInput | null
  email?: string
  name?: string
  address?: Address
  taxId?: string
}

/** The customer submits the hosted page. */
export function payCheckout(world: World, before: CheckoutSession, entry: CheckoutEntry): CheckoutResult {
  if (before.status !== 'open') throw invalidRequest('This checkout session is no longer open.')
  const order = world.tables.checkoutOrders.get(before.id)!
  const session = withDetails(world, before, order, entry)
  if (!entry.card) return complete(world, session, order, null, {})
  const details = { name: entry.name ?? null, email: session.customer_details?.email ?? null, address: entry.address }
  try {
    const method = createCardMethod(world, { ...entry.card, details })
    return withCard(world, session, order, method)
  } catch (error) {
    if (error instanceof StripeApiError && error.body.type === 'card_error')
      return { result: 'declined', message: error.body.message }
    throw error
  }
}

/** Pays with an existing payment method; its billing details become the customer's. */
export function payWithMethod(world: World, before: CheckoutSession, method: PaymentMethod): CheckoutResult {
  if (before.status !== 'open') throw invalidRequest('This checkout session is no longer open.')
  const order = world.tables.checkoutOrders.get(before.id)!
  const { email, name, address } = method.billing_details
  const session = withDetails(world, before, order, {
    card: null,
    email: email ?? undefined,
    name: name ?? undefined,
    address: address ?? undefined,
  })
  return withCard(world, session, order, method)
}

function withCard(world: World, session: CheckoutSession, order: CheckoutOrder, method: PaymentMethod): CheckoutResult {
  const behavior = behaviorOf(world, method)
  const nothingDue = (session.amount_total ?? 0) === 0
  if (!session.payment_method_types.includes(method.type) || (method.type !== 'card' && session.mode !== 'payment'))
    return { result: 'declined', message: 'This payment method cannot be used here.' }
  if (behavior.kind === 'declines' || (behavior.kind === 'fails_when_charged' && !nothingDue)) {
    if (!nothingDue) confirm(world, newIntent(world, session, order), method)
    return { result: 'declined', message: behavior.message }
  }
  if (behavior.kind !== 'authenticates') return complete(world, session, order, method, {})
  const intent = session.mode === 'payment' ? confirm(world, newIntent(world, session, order), method).intent.id : ''
  world.tables.checkoutOrders.update(order.id, { waiting: { intent, method: method.id } })
  return { result: 'authenticate', url: `${world.baseUrl}/authenticate/${session.id}` }
}

/** The customer confirms or refuses on the bank's page. */
export function answerBank(world: World, session: CheckoutSession, accepted: boolean): CheckoutResult {
  const order = world.tables.checkoutOrders.get(session.id)
  if (session.status !== 'open' || !order?.waiting)
    throw invalidRequest('This checkout session does not wait for an authentication.')
  const method = world.tables.paymentMethods.get(order.waiting.method)!
  const intent = world.tables.paymentIntents.get(order.waiting.intent)
  world.tables.checkoutOrders.update(order.id, { waiting: null })
  if (accepted) {
    world.tables.cards.update(method.id, { authenticated: true })
    return complete(world, session, order, method, { authenticated: true }, intent)
  }
  if (intent) authenticate(world, intent, false)
  return {
    result: 'declined',
    message:
      'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
  }
}

function complete(
  world: World,
  before: CheckoutSession,
  order: CheckoutOrder,
  method: PaymentMethod | null,
  situation: PaymentSituation,
  waiting?: PaymentIntent,
): CheckoutResult {
  const customer = customerOf(world, before, order)
  if (customer) for (const given of before.customer_details?.tax_ids ?? []) addTaxId(world, customer, given)
  const keeps = before.mode !== 'payment' || order.paymentData.setupFutureUsage !== undefined
  if (method && customer && keeps) attach(world, method, customer)
  const done = FULFILL[before.mode as 'payment'](
    world,
    { ...before, customer: customer?.id ?? null },
    order,
    method,
    situation,
    waiting,
  )
  const session = world.tables.checkoutSessions.update(before.id, {
    ...done,
    customer: customer?.id ?? null,
    payment_status:
      (done.amount_total ?? 0) === 0 ? 'no_payment_required' : isUnderWay(world, done) ? 'unpaid' : 'paid',
    status: 'complete',
    url: null,
  })
  emit(world, 'checkout.session.completed', session)
  return { result: 'complete', session }
}

/** Whether a bank debit is still pending; the session is complete anyway. */
function isUnderWay(world: World, session: CheckoutSession): boolean {
  return world.tables.paymentIntents.get(session.payment_intent ?? '')?.status === 'processing'
}

/** The bank has answered a debit: settles the invoice or session that waited for it. */
export function settleBankDebit(world: World, intent: PaymentIntent): void {
  const outcome = settlePending(world, intent)
  const invoice = invoiceOf(world, intent)
  if (invoice?.status === 'open') settle(world, invoice, outcome)
  for (const session of world.tables.checkoutSessions.filter((row) => row.payment_intent === intent.id)) {
    if (outcome.result === 'succeeded')
      emit(
        world,
        'checkout.session.async_payment_succeeded',
        world.tables.checkoutSessions.update(session.id, { payment_status: 'paid' }),
      )
    else emit(world, 'checkout.session.async_payment_failed', session)
  }
}

/** The paying customer: the session's, or a new one with the entered details. */
function customerOf(world: World, session: CheckoutSession, order: CheckoutOrder): Customer | null {
  const { customers } = world.tables
  const { email = null, name = null, address = null } = session.customer_details ?? {}
  if (session.customer) {
    const before = customers.get(session.customer)!
    const patch = {
      ...(order.customerUpdate.address === 'auto' && address && { address }),
      ...(order.customerUpdate.name === 'auto' && name && { name }),
    }
    if (Object.keys(patch).length === 0) return before
    const after = customers.update(before.id, patch)
    emit(world, 'customer.updated', after, before)
    return after
  }
  if (session.mode !== 'subscription' && session.customer_creation !== 'always') return null
  const customer = customers.insert(newCustomer(world.clock.now(), { email, name, address }))
  emit(world, 'customer.created', customer)
  return customer
}

function withDetails(
  world: World,
  session: CheckoutSession,
  order: CheckoutOrder,
  { email, name, address, taxId }: CheckoutEntry,
): CheckoutSession {
  const known = session.customer_details
  const detailed: CheckoutSession = {
    ...session,
    customer_details: {
      address: address ?? known?.address ?? null,
      business_name: null,
      email: known?.email ?? email ?? null,
      individual_name: null,
      name: name ?? known?.name ?? null,
      phone: null,
      tax_exempt: 'none',
      tax_ids: taxId && session.tax_id_collection?.enabled ? [{ type: kindOfTaxId(taxId)!, value: taxId }] : [],
    },
    collected_information: { business_name: null, individual_name: null, shipping_details: null },
  }
  return world.tables.checkoutSessions.update(session.id, withTotals(world, detailed, order))
}

export function expireSession(world: World, before: CheckoutSession): CheckoutSession {
  if (before.status !== 'open')
    throw invalidRequest(
      `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of "${before.status}".`,
    )
  const session = world.tables.checkoutSessions.update(before.id, { status: 'expired', url: null })
  emit(world, 'checkout.session.expired', session)
  return session
}
