import Stripe from 'stripe'
import { openDispute } from '#sandbox/stripe/billing/payments/dispute.ts'
import { failRefund } from '#sandbox/stripe/billing/payments/refund.ts'
import type { StripeForTests } from '../stripe.ts'
import { changeByHand, sellByHand } from './by-hand.ts'
import { giveLineBack, payPart, sellOnInvoice, sellOnPage } from './carts.ts'
import type { StripeStep } from './steps.ts'

/** The life's customer at Stripe. */
export interface Person {
  userId: string
  customer: string
}

/**
 * Steps at Stripe without the app: the portal, the dashboard, a bank. Injected faults of Stripe affect the app alone.
 * @returns whether it succeeded: a card may be declined, a charge already refunded or disputed
 */
export async function happenAtStripe(context: StripeForTests, person: Person, step: StripeStep): Promise<boolean> {
  const { faults } = context.sandbox
  const rules = faults.api
  faults.api = []
  try {
    return (await happen(context, person, step)) !== false
  } catch (error) {
    if (!(error instanceof Stripe.errors.StripeError) && !(error as Error).name.startsWith('Stripe')) throw error
    return false
  } finally {
    faults.api = rules
  }
}

async function happen(context: StripeForTests, person: Person, step: StripeStep): Promise<unknown> {
  const { stripe, sandbox } = context
  const { customer } = person
  const { world } = sandbox
  const subscriptions = (await stripe.subscriptions.list({ customer })).data
  const [first] = subscriptions
  const invoices = async (status: 'open' | 'uncollectible') => (await stripe.invoices.list({ customer, status })).data
  const charge = async (nth: number) => {
    const paid = (await stripe.charges.list({ customer, limit: 100 })).data.filter(({ paid }) => paid)
    return paid[nth % Math.max(1, paid.length)]
  }
  switch (step.kind) {
    case 'card':
      return useCard(context, customer, step.token)
    case 'noCard':
      await stripe.customers.update(customer, { invoice_settings: { default_payment_method: '' } })
      for (const { id } of subscriptions) {
        world.run(() => world.tables.subscriptions.update(id, { default_payment_method: null }))
        const trial_settings = { end_behavior: { missing_payment_method: step.then } }
        await stripe.subscriptions.update(id, { trial_settings })
      }
      return subscriptions.length > 0
    case 'pay':
    case 'payOutOfBand': {
      const owed = [...(await invoices('open')), ...(await invoices('uncollectible'))]
      for (const { id } of owed)
        await stripe.invoices.pay(
          id,
          step.kind === 'pay' ? { payment_method: 'pm_card_visa' } : { paid_out_of_band: true },
        )
      return owed.length > 0
    }
    case 'void':
    case 'uncollectible': {
      const [owed] = await invoices('open')
      if (!owed) return false
      return step.kind === 'void' ? stripe.invoices.voidInvoice(owed.id) : stripe.invoices.markUncollectible(owed.id)
    }
    case 'cancelNow':
      for (const { id } of subscriptions)
        await stripe.subscriptions.cancel(id, step.prorate ? { prorate: true, invoice_now: true } : {})
      return subscriptions.length > 0
    case 'pause': {
      const resumes_at = step.days === null ? undefined : sandbox.now() + step.days * DAY
      return (
        first && stripe.subscriptions.update(first.id, { pause_collection: { behavior: step.behavior, resumes_at } })
      )
    }
    case 'unpause':
      return first?.pause_collection ? stripe.subscriptions.update(first.id, { pause_collection: '' }) : false
    case 'startAgain':
      return first?.status === 'paused' ? stripe.subscriptions.resume(first.id) : false
    case 'sell':
      await useCard(context, customer, 'pm_card_visa')
      return sellByHand(context, person, step)
    case 'quantity':
    case 'addOn':
    case 'dropAddOn':
    case 'discount':
    case 'cancelAt':
    case 'freeTime':
      return first ? changeByHand(context, first, step) : false
    case 'cart':
      await useCard(context, customer, 'pm_card_visa')
      return sellOnPage(context, customer, step)
    case 'invoice':
      return sellOnInvoice(context, customer, step)
    case 'payPart': {
      const [owed] = await invoices('open')
      const amount = Math.ceil((owed?.amount_remaining ?? 0) * step.share)
      return owed && amount > 0 ? payPart(context, customer, { invoice: owed.id, amount }) : false
    }
    case 'creditNote':
      return giveLineBack(context, customer, step)
    case 'refund': {
      const paid = await charge(step.nth)
      const amount = paid ? Math.ceil((paid.amount - paid.amount_refunded) * step.share) : 0
      return paid && stripe.refunds.create({ charge: paid.id, amount })
    }
    case 'failRefund': {
      const ours = (await stripe.refunds.list({ limit: 100 })).data.filter(({ status }) => status === 'succeeded')
      const refund = ours[step.nth % Math.max(1, ours.length)]
      const row = refund && world.tables.refunds.get(refund.id)
      return row ? world.run(() => failRefund(world, row)) : false
    }
    case 'dispute': {
      const paid = await charge(step.nth)
      const row = paid && world.tables.charges.get(paid.id)
      if (!row || row.disputed || row.refunded) return false
      return world.run(() => openDispute(world, row, { inquiry: step.inquiry }))
    }
    case 'decide':
      return decide(context, step.isWon)
    case 'deleteCustomer':
      return stripe.customers.del(customer)
  }
}

async function useCard({ stripe }: StripeForTests, customer: string, token: string): Promise<void> {
  const { id } = await stripe.paymentMethods.attach(token, { customer })
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
  for (const { id: subscription } of (await stripe.subscriptions.list({ customer })).data)
    await stripe.subscriptions.update(subscription, { default_payment_method: id })
}

async function decide({ stripe }: StripeForTests, isWon: boolean): Promise<boolean> {
  const { data } = await stripe.disputes.list({ limit: 100 })
  const open = data.filter(({ status }) => status.endsWith('needs_response'))
  const evidence = { uncategorized_text: 'winning_evidence' }
  for (const { id } of open) {
    if (isWon) await stripe.disputes.update(id, { evidence, submit: true })
    else await stripe.disputes.close(id)
  }
  return open.length > 0
}

const DAY = 86_400
