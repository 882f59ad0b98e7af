import { randomUUID } from 'node:crypto'
import Stripe from 'stripe'
import { cancelAtPeriodEnd, changePlan, resumeSubscription } from '#app/billing/change-plan.server.ts'
import { createCheckout, type Purchase } from '#app/billing/checkout.server.ts'
import { reconcile } from '#app/billing/reconcile.server.ts'
import { pauseOverdue } from '#app/billing/spending-pause.server.ts'
import { setNow } from '#app/clock.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { DomainError } from '#app/domain-error.ts'
import type { User } from '#models/user.server.ts'
import { openDispute } from '#sandbox/stripe/billing/dispute.ts'
import { aUser, readUser, sessionIdOf } from '../scenario.ts'
import type { StripeForTests } from '../stripe.ts'
import { Killed, mortal, randomOf } from './chaos.ts'
import { BadCourier } from './courier.ts'
import type { LifePlan, Step } from './steps.ts'

const DAY = 86_400

/** One customer's life, on a bad day of everybody else. */
export class Life {
  readonly #random: () => number
  readonly courier: BadCourier
  /** Credits that were really spent. */
  spent = 0
  user!: User

  constructor(
    readonly context: StripeForTests,
    readonly plan: LifePlan,
  ) {
    this.#random = randomOf(plan.seed)
    this.courier = new BadCourier(context, plan.trouble, this.#random)
  }

  async live(): Promise<void> {
    const { sandbox } = this.context
    setNow(() => new Date(sandbox.now() * 1000))
    // The job has run before; a first run would look back thirty days only.
    await reconcile()
    this.user = await aUser()
    this.#trouble()
    for (const step of [this.plan.first, ...this.plan.steps]) {
      await this.#expectRefusals(() => this.#do(step))
      if (this.#random() < 0.6) await this.courier.deliver()
    }
    sandbox.faults.reset()
    await this.courier.finish()
  }

  #trouble(): void {
    const rate = this.plan.failing / 4
    const failures = ([429, 500, 'reset', 'lost_answer'] as const).map((failure) => ({ failure, rate }))
    this.context.sandbox.faults.api = rate > 0 ? failures : []
  }

  /** A person does not get past Stripe's trouble or the shop's rules, and neither is a fault of the app. */
  async #expectRefusals(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const isExpected = error instanceof DomainError || error instanceof Killed
      if (!isExpected) throw error
    }
  }

  async #do(step: Step): Promise<unknown> {
    const { user } = this
    switch (step.kind) {
      case 'subscribe':
        return this.#buy({ user, plan: step.plan, interval: step.interval }, step.card)
      case 'pack':
        return this.#buy({ user, pack: step.pack }, step.card)
      case 'change':
        return this.#change(step)
      case 'cancel':
        return this.#maybeKilled(() => cancelAtPeriodEnd(user))
      case 'resume':
        return this.#maybeKilled(() => resumeSubscription(user))
      case 'advance':
        this.context.sandbox.advance(step.days * DAY)
        return pauseOverdue()
      case 'spend':
        return this.#spend(step.credits)
      case 'deliver':
        return this.courier.deliver()
      case 'reconcile':
        return reconcile()
      default:
        return this.#atStripe(step)
    }
  }

  async #buy(purchase: Purchase, card: string): Promise<void> {
    const nonce = randomUUID()
    const open = () => createCheckout(purchase, { nonce })
    const pages = await this.#maybeKilled(() => this.#clicks(open))
    for (const url of new Set(pages.map((one) => one.url))) {
      try {
        this.context.sandbox.completeCheckout(sessionIdOf(url), { card })
      } catch {
        // The card was declined, or the page has been paid on.
      }
    }
  }

  #change(choice: { plan: string; interval: 'month' | 'year' }): Promise<unknown> {
    const nonce = randomUUID()
    const order = () => changePlan(this.user, choice, { nonce })
    return this.#maybeKilled(() => this.#clicks(order))
  }

  async #spend(credits: number): Promise<void> {
    const key = freshKey('spend')
    await spendCredits({ accountId: this.user._id, key, credits, action: 'life' })
    this.spent += credits
  }

  /** One click in five is a double one. Both are waited for: a life has no second process. */
  async #clicks<T>(work: () => Promise<T>): Promise<T[]> {
    const clicks = await Promise.allSettled(this.#random() < 0.2 ? [work(), work()] : [work()])
    const refused = clicks.find((click) => click.status === 'rejected')
    if (refused) throw refused.reason
    return clicks.map((click) => (click as PromiseFulfilledResult<T>).value)
  }

  #maybeKilled<T>(work: () => Promise<T>): Promise<T> {
    if (this.#random() >= this.plan.trouble.kill) return work()
    return mortal(1 + Math.floor(this.#random() * 40), this.#random() < 0.5, work)
  }

  /** What happens at Stripe without the app: the portal, the dashboard, a bank. It has no trouble of its own. */
  async #atStripe(step: Step): Promise<void> {
    const { faults } = this.context.sandbox
    const rules = faults.api
    faults.api = []
    try {
      await this.#outside(step)
    } catch (error) {
      // A declined card, or a charge that was refunded or disputed before.
      if (!(error instanceof Stripe.errors.StripeError) && !(error as Error).name.startsWith('Stripe')) throw error
    } finally {
      faults.api = rules
    }
  }

  async #outside(step: Step): Promise<void> {
    const { stripe, sandbox } = this.context
    const { stripeCustomerId: customer } = await readUser(this.user._id)
    if (!customer) return
    const charges = (await stripe.charges.list({ customer, limit: 100 })).data.filter(({ paid }) => paid)
    const subscriptions = (await stripe.subscriptions.list({ customer })).data
    switch (step.kind) {
      case 'card': {
        const { id } = await stripe.paymentMethods.attach(step.token, { customer })
        await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
        for (const one of subscriptions) await stripe.subscriptions.update(one.id, { default_payment_method: id })
        return
      }
      case 'pay': {
        const { data } = await stripe.invoices.list({ customer, status: 'open' })
        for (const { id } of data) await stripe.invoices.pay(id, { payment_method: 'pm_card_visa' })
        return
      }
      case 'cancelNow':
        for (const one of subscriptions) await stripe.subscriptions.cancel(one.id)
        return
      case 'refund': {
        const charge = charges[step.nth % Math.max(1, charges.length)]
        if (!charge) return
        const amount = Math.ceil((charge.amount - charge.amount_refunded) * step.share)
        await stripe.refunds.create({ charge: charge.id, amount })
        return
      }
      case 'dispute': {
        const charge = charges[step.nth % Math.max(1, charges.length)]
        const known = charge && sandbox.world.tables.charges.get(charge.id)
        if (!known || known.disputed || known.refunded) return
        sandbox.world.run(() => openDispute(sandbox.world, known, { inquiry: step.inquiry }))
        return
      }
      case 'decide': {
        const all = await Promise.all(charges.map(({ id }) => stripe.disputes.list({ charge: id })))
        for (const { id } of all
          .flatMap(({ data }) => data)
          .filter(({ status }) => status.endsWith('needs_response'))) {
          const evidence = { uncategorized_text: 'winning_evidence' }
          if (step.isWon) await stripe.disputes.update(id, { evidence, submit: true })
          else await stripe.disputes.close(id)
        }
      }
    }
  }
}
