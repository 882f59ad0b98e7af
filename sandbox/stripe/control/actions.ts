import { payPart } from '../billing/collection/attach-payment.ts'
import { collect } from '../billing/collection/collect.ts'
import { createCreditNote } from '../billing/credit-notes/credit-note.ts'
import { creditNoteLines, netOf } from '../billing/credit-notes/credit-note-lines.ts'
import { closeDispute, openDispute } from '../billing/payments/dispute.ts'
import { attach, methodFromToken } from '../billing/payments/payment-method.ts'
import { failRefund, refund } from '../billing/payments/refund.ts'
import { currentPeriod, end, ENDED } from '../billing/subscriptions/status.ts'
import { updateSubscription } from '../billing/lifecycle/update-subscription.ts'
import { expireSession } from '../billing/checkout/pay-session.ts'
import { StripeApiError } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { HOUR, MINUTE } from '../core/clock.ts'
import type {
  ApiObject,
  Charge,
  CheckoutSession,
  Customer,
  Dispute,
  Invoice,
  Refund,
  Subscription,
} from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { objectById } from '../core/lookup.ts'
import type { Sandbox } from './sandbox.ts'

interface ObjectAction<T> {
  label: string | ((object: T) => string)
  /** Whether the action is possible now. */
  when: (object: T, world: World) => boolean
  /** Runs the action and returns a message. */
  run: (sandbox: Sandbox, object: T) => string | Promise<string>
}

const always = () => true

/** The actions on an object, by kind; each is a button of the control page. */
const ACTIONS = {
  customer: {
    fail: {
      label: 'Fail the next payments',
      when: always,
      run: (sandbox, customer) =>
        useCard(sandbox.world, customer, 'pm_card_chargeCustomerFail', 'The next payments of this customer fail.'),
    },
    heal: {
      label: 'Let payments succeed',
      when: always,
      run: (sandbox, customer) =>
        useCard(sandbox.world, customer, 'pm_card_visa', 'This customer’s payments succeed again.'),
    },
  } satisfies Record<string, ObjectAction<Customer>>,

  subscription: {
    renew: {
      label: 'To its renewal',
      when: ({ status, test_clock }) => !ENDED.has(status) && !test_clock,
      async run(sandbox, subscription) {
        await sandbox.advanceInStages(currentPeriod(subscription).end + HOUR + MINUTE)
        return 'The clock is now an hour after the renewal, when its invoice is collected.'
      },
    },
    leave: {
      label: 'Cancel at period end',
      when: ({ status, cancel_at }) => !ENDED.has(status) && cancel_at === null,
      run({ world }, subscription) {
        updateSubscription(world, subscription, {
          patch: {
            cancel_at_period_end: true,
            cancel_at: currentPeriod(subscription).end,
            canceled_at: world.now(subscription.customer),
            cancellation_details: {
              comment: null,
              feedback: null,
              feedback_option: null,
              reason: 'cancellation_requested',
            },
          },
        })
        return 'The subscription ends with its period.'
      },
    },
    cancel: {
      label: 'Cancel now',
      when: ({ status }) => !ENDED.has(status),
      run({ world }, subscription) {
        end(world, subscription, 'cancellation_requested')
        return 'The subscription is canceled.'
      },
    },
  } satisfies Record<string, ObjectAction<Subscription>>,

  invoice: {
    pay: {
      label: 'Try to collect',
      when: ({ status }) => status === 'open',
      run: ({ world }, invoice) =>
        collect(world, invoice, { offSession: true }).error?.message ?? 'The invoice is paid.',
    },
    pay_half: {
      label: 'Pay half with 4242',
      when: ({ status, amount_remaining }) => status === 'open' && amount_remaining > 1,
      run({ world }, invoice) {
        const method = methodFromToken(world, 'pm_card_visa')!
        return payPart(world, invoice, Math.floor(invoice.amount_remaining / 2), method).invoice.status === 'paid'
          ? 'The invoice is paid.'
          : 'Half of the remaining amount is paid, by a separate payment.'
      },
    },
    ...refundsOfLines(),
  } satisfies Record<string, ObjectAction<Invoice>>,

  charge: {
    refund: {
      label: 'Refund',
      when: refundable,
      run({ world }, charge) {
        refund(world, charge, { reason: 'requested_by_customer' })
        return 'Refunded in full.'
      },
    },
    refund_half: {
      label: 'Refund half',
      when: refundable,
      run({ world }, charge) {
        refund(world, charge, {
          amount: Math.max(1, Math.floor((charge.amount - charge.amount_refunded) / 2)),
          reason: 'requested_by_customer',
        })
        return 'Half of the payment is refunded.'
      },
    },
    dispute: {
      label: 'Dispute',
      when: (charge) => refundable(charge),
      run({ world }, charge) {
        openDispute(world, charge)
        return 'The cardholder disputes the payment.'
      },
    },
  } satisfies Record<string, ObjectAction<Charge>>,

  dispute: {
    won: {
      label: 'Decide: won',
      when: isOpen,
      run: ({ world }, dispute) => `The dispute is ${closeDispute(world, dispute, 'won').status}.`,
    },
    lost: {
      label: 'Decide: lost',
      when: isOpen,
      run: ({ world }, dispute) => `The dispute is ${closeDispute(world, dispute, 'lost').status}.`,
    },
  } satisfies Record<string, ObjectAction<Dispute>>,

  refund: {
    fail: {
      label: 'Fail the refund',
      when: ({ status }) => status === 'succeeded',
      run: ({ world }, row) => `The refund ${failRefund(world, row).status}.`,
    },
  } satisfies Record<string, ObjectAction<Refund>>,

  'checkout.session': {
    pay: {
      label: 'Pay with 4242',
      when: ({ status }) => status === 'open',
      run: (sandbox, session) => `The session is ${sandbox.completeCheckout(session.id).status}.`,
    },
    expire: {
      label: 'Expire',
      when: ({ status }) => status === 'open',
      run: ({ world }, session) => `The session is ${expireSession(world, session).status}.`,
    },
  } satisfies Record<string, ObjectAction<CheckoutSession>>,
}

function objectActions(object: ApiObject): Record<string, ObjectAction<never>> {
  return (ACTIONS as Record<string, Record<string, ObjectAction<never>>>)[object.object] ?? {}
}

export function actionsFor({ world }: Sandbox, object: ApiObject): { name: string; label: string }[] {
  return Object.entries(objectActions(object))
    .filter(([, doing]) => doing.when(object as never, world))
    .map(([name, { label }]) => ({ name, label: typeof label === 'string' ? label : label(object as never) }))
}

/** A note that explains the actions of an object. */
export function noteOn({ object }: ApiObject): string | null {
  if (object === 'charge')
    return 'A refund is for the whole invoice: the app takes back the same share of its credits. To refund one line, open the invoice.'
  if (object === 'invoice')
    return 'Refunding a line creates a credit note, so the app takes back the credits of that line only.'
  return null
}

/** Runs the action that a button names (`refund:ch_…`) and returns its message. */
export async function perform(sandbox: Sandbox, name: string, id: string): Promise<string> {
  const object = objectById(sandbox.world, id)
  const doing = object && objectActions(object)[name]
  if (!doing) return 'That is no longer possible.'
  try {
    // Advancing the clock is many units of work, everything else is one.
    return name === 'renew'
      ? await doing.run(sandbox, object as never)
      : await sandbox.world.run(() => doing.run(sandbox, object as never))
  } catch (error) {
    if (error instanceof StripeApiError) return error.message
    throw error
  }
}

/** One button per line of an invoice with several lines, like "Issue a credit note" in the dashboard. */
function refundsOfLines(): Record<string, ObjectAction<Invoice>> {
  const one = (index: number): ObjectAction<Invoice> => ({
    label: ({ lines }) => `Refund: ${lines.data[index]?.description ?? 'line'}`,
    when: ({ status, lines }) => status === 'paid' && lines.data.length > 1 && (lines.data[index]?.amount ?? 0) > 0,
    run({ world }, invoice) {
      const { id, amount } = invoice.lines.data[index]!
      const lines = [{ type: 'invoice_line_item' as const, invoice_line_item: id, amount }]
      const earlier = world.tables.creditNotes.filter((note) => note.invoice === invoice.id)
      const refund_amount = creditNoteLines(invoice, lines, earlier).reduce((sum, line) => sum + netOf(line), 0)
      createCreditNote(world, invoice, { lines, refund_amount })
      return 'The line is refunded by a credit note.'
    },
  })
  return Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`refund_line_${index}`, one(index)]))
}

function useCard(world: World, customer: Customer, token: string, said: string): string {
  const method = attach(world, methodFromToken(world, token)!, customer)
  emit(
    world,
    'customer.updated',
    world.tables.customers.update(customer.id, {
      invoice_settings: { ...customer.invoice_settings, default_payment_method: method.id },
    }),
    customer,
  )
  for (const subscription of world.tables.subscriptions.filter(
    (row) => row.customer === customer.id && row.default_payment_method !== null,
  ))
    emit(
      world,
      'customer.subscription.updated',
      world.tables.subscriptions.update(subscription.id, { default_payment_method: method.id }),
      subscription,
    )
  return said
}

function refundable(charge: Charge): boolean {
  return charge.paid && !charge.refunded && !charge.disputed
}

function isOpen({ status }: Dispute): boolean {
  return status !== 'won' && status !== 'lost'
}
