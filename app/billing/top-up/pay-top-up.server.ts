import type { OpenTopUp, TopUp } from '#models/top-up.server.ts'
import { now } from '../../clock.server.ts'
import { config } from '../../config.server.ts'
import { logger } from '../../log.server.ts'
import { notify } from '../../notifications/outbox.server.ts'
import { priceIdOf } from '../catalog/prices.server.ts'
import { readUser } from '../customers/users.server.ts'
import { CardDeclined, OfferUnavailable, StripeUnavailable } from '../errors.ts'
import { recordPaidInvoice } from '../invoices/record-paid-invoice.server.ts'
import { findPack, type Pack } from '../plans.ts'
import { appTag, callUnderKey, findAtStripe, isRefused, listAll, unlessRefused } from '../stripe/client.server.ts'
import type { StripeInvoice } from '../stripe/objects/invoice.ts'
import { defaultMethodOf } from '../stripe/retrieve-customer.server.ts'
import { retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import { retrieveSubscription } from '../stripe/retrieve-subscription.server.ts'
import { cancelOpen } from './cancel-open.server.ts'
import { endPaid, endUnpaid, voidInvoice } from './end-top-up.server.ts'
import { readTopUp, updateTopUp } from './store.server.ts'
import { countedIn, monthOf, packOf, uncountedIn } from './terms.ts'

/** Stripe forgets a key after a day. */
const KEY_LIFE_MS = 20 * 60 * 60 * 1000
/** How long an invoice waits for the customer's confirmation. */
const CONFIRMATION_MS = 7 * 24 * 60 * 60 * 1000

type Begun = TopUp & { open: OpenTopUp }

/**
 * Pays a top-up that was begun, with the card on file: an invoice for the pack, charged without the customer. Its credits,
 * history row and receipt are those of every paid invoice. Safe to repeat at any point, and at once: every request to Stripe
 * has a key with the top-up's number.
 * @throws StripeUnavailable, CreditsUnavailable: it stays open, and the job continues it
 */
export async function payTopUp(topUp: Begun): Promise<void> {
  const { _id: userId, open } = topUp
  const { number } = open
  const user = await readUser(userId)
  const customer = user.stripeCustomerId
  const card = customer ? await cardOf(customer, user.subscription?.stripeSubscriptionId ?? null) : null
  // Not that of the terms, which may have changed since.
  const pack = findPack(open.pack)
  const fail = async (failure: Parameters<typeof endUnpaid>[2]): Promise<void> => {
    const { stripeInvoiceId = null } = (await currentOpen(topUp)) ?? {}
    // The customer may have paid it on Stripe's page a moment ago.
    if (stripeInvoiceId && !(await voidInvoice(stripeInvoiceId))) return finish(topUp, stripeInvoiceId)
    await endUnpaid(userId, number, failure)
  }
  if (!customer || !card) return fail('no_card')
  if (!pack) return fail('refused')
  try {
    const draft = await invoiceFor(topUp, customer, pack.price.currency)
    if (!draft) return await fail('refused')
    if (draft.isPaid) return await finish(topUp, draft.id)
    if (draft.lines.length === 0) await addPack(topUp, draft.id, { customer, pack })
    const priced = draft.isOpen ? draft : await finalized(topUp, draft.id)
    // Twice in the invoice: a request took effect although Stripe said that it had failed.
    if (priced?.lines.length !== 1 || priced.currency !== pack.price.currency) return await fail('refused')
    // The customer's balance at Stripe covers it.
    if (priced.isPaid) return await finish(topUp, draft.id)
    // The amount due is more where the customer owes a balance.
    if (!(await isWithinLimit(topUp, Math.max(priced.total, priced.amountDue)))) return await fail('over_limit')
    await callUnderKey(keyOf(topUp, `pay:${card}`), (stripe, options) =>
      stripe.invoices.pay(draft.id, { payment_method: card, off_session: true }, options),
    )
    await finish(topUp, draft.id)
  } catch (error) {
    if (error instanceof CardDeclined) return asksForConfirmation(error) ? waitForCustomer(topUp) : fail('declined')
    if (!isRefused(error) && !(error instanceof OfferUnavailable)) throw error
    logger.error({ err: error, userId: userId.toHexString(), number }, 'Stripe refused an automatic top-up')
    await fail('refused')
  }
}

/** Grants the credits of the paid invoice, then ends the top-up: a crash in between repeats both. */
async function finish({ _id, open }: Begun, invoiceId: string): Promise<void> {
  const { sentence } = await recordPaidInvoice(invoiceId)
  const invoice = await retrieveInvoice(invoiceId)
  if (!invoice?.isPaid) throw new StripeUnavailable(new Error(sentence))
  await endPaid(_id, open.number)
}

/** The invoice of the top-up, created once. Null if it is void. */
async function invoiceFor(topUp: Begun, customer: string, currency: string): Promise<StripeInvoice | null> {
  const open = (await currentOpen(topUp)) ?? topUp.open
  const isOld = now().getTime() - open.begunAt.getTime() > KEY_LIFE_MS
  const known = open.stripeInvoiceId ?? (isOld ? await findInvoiceId(topUp, customer) : null)
  const id = known ?? (await createInvoice(topUp, customer, currency))
  if (!open.stripeInvoiceId) await noteInvoiceId(topUp, id)
  const invoice = await retrieveInvoice(id)
  return invoice && !invoice.isVoid ? invoice : null
}

async function createInvoice(topUp: Begun, customer: string, currency: string): Promise<string> {
  const { automaticTax } = config().stripe
  const { id } = await callUnderKey(keyOf(topUp, 'invoice'), (stripe, options) =>
    stripe.invoices.create(
      {
        customer,
        currency,
        collection_method: 'charge_automatically',
        // Stripe does not retry it: a decline is tried again later, with an invoice of its own.
        auto_advance: false,
        pending_invoice_items_behavior: 'exclude',
        metadata: metadataOf(topUp),
        ...(automaticTax && { automatic_tax: { enabled: true } }),
      },
      options,
    ),
  )
  return id
}

async function addPack(
  topUp: Begun,
  invoice: string,
  { customer, pack }: { customer: string; pack: Pack },
): Promise<void> {
  const price = await priceIdOf({ kind: 'pack', pack, price: pack.price })
  await callUnderKey(keyOf(topUp, 'item'), (stripe, options) =>
    stripe.invoiceItems.create({ customer, invoice, pricing: { price } }, options),
  )
}

async function finalized(topUp: Begun, id: string): Promise<StripeInvoice | null> {
  const finalize = callUnderKey(keyOf(topUp, 'finalize'), (stripe, options) =>
    stripe.invoices.finalizeInvoice(id, { auto_advance: false }, options),
  )
  // Refused if an attempt took effect although Stripe said that it had failed.
  await unlessRefused(finalize)
  return retrieveInvoice(id)
}

/** For an open top-up whose keys Stripe has forgotten. */
async function findInvoiceId(topUp: Begun, customer: string): Promise<string | null> {
  const created = { gte: Math.floor(topUp.open.begunAt.getTime() / 1000) - 60 }
  const invoices = await listAll(
    (stripe) => stripe.invoices.list({ customer, created, limit: 100 }),
    ({ id, metadata }) => ({ id, topUp: metadata?.topUp }),
  )
  return invoices.find((invoice) => invoice.topUp === String(topUp.open.number))?.id ?? null
}

/** The sum may be more than the price, by tax: the count of the month gets it before anything is charged. */
async function isWithinLimit({ _id, open: { number } }: Begun, amount: number): Promise<boolean> {
  let fits = true
  await updateTopUp(_id, (topUp) => {
    const { open } = topUp
    if (open?.number !== number || open.amount === amount) return null
    const month = countedIn(monthOf({ month: uncountedIn(topUp) }, open.begunAt), topUp, amount)
    fits = month !== null
    return month && { month, open: { ...open, amount } }
  })
  return fits
}

/** The customer's default card, or else the one that the plan is paid with. No bank debit: it is known days later if it pays. */
async function cardOf(customer: string, subscriptionId: string | null): Promise<string | null> {
  const id = (await defaultMethodOf(customer)) ?? (await retrieveSubscription(subscriptionId))?.paymentMethodId ?? null
  const method = id && (await findAtStripe((stripe) => stripe.paymentMethods.retrieve(id)))
  return method && (method.type === 'card' || method.type === 'link') ? id : null
}

const asksForConfirmation = ({ details, cause }: CardDeclined): boolean =>
  details['declineCode'] === 'authentication_required' ||
  ['authentication_required', 'invoice_payment_intent_requires_action'].includes(
    String((cause as { code?: unknown } | undefined)?.code),
  )

/** The bank wants to see the customer: no further attempt, and a mail with Stripe's page of the invoice. */
async function waitForCustomer(topUp: Begun): Promise<void> {
  const { _id: userId, open } = topUp
  const { number } = open
  const invoice = await retrieveInvoice((await currentOpen(topUp))?.stripeInvoiceId)
  const url = invoice?.hostedInvoiceUrl ?? null
  const leaseUntil = new Date(now().getTime() + CONFIRMATION_MS)
  const after = await updateTopUp(userId, (current) => {
    if (current.open?.number !== number) return null
    const paused = current.status === 'on' ? ({ status: 'paused', reason: 'confirmation' } as const) : {}
    return { open: { ...current.open, url, leaseUntil }, ...paused }
  })
  if (!after?.open || !invoice) return
  // Turned off while the card was charged.
  if (after.status === 'off') return cancelOpen(after)
  const { amount } = after.open
  const data = { amount, currency: after.currency, credits: packOf(after)?.credits ?? 0, confirmUrl: url }
  await notify({ kind: 'top_up_confirm', userId, key: invoice.id, data })
}

async function currentOpen({ _id, open }: Begun): Promise<OpenTopUp | null> {
  const current = (await readTopUp(_id))?.open
  return current?.number === open.number ? current : null
}

async function noteInvoiceId({ _id, open: { number } }: Begun, stripeInvoiceId: string): Promise<void> {
  await updateTopUp(_id, ({ open }) =>
    open?.number === number && !open.stripeInvoiceId ? { open: { ...open, stripeInvoiceId } } : null,
  )
}

const keyOf = ({ _id, open }: Begun, step: string): string => `top-up:${_id.toHexString()}:${open.number}:${step}`

const metadataOf = ({ _id, open }: Begun): Record<string, string> => ({
  app: appTag(),
  userId: _id.toHexString(),
  topUp: String(open.number),
})
