import { randomUUID } from 'node:crypto'
import mongoose from 'mongoose'
import { cancelAtPeriodEnd, undoCancellation } from '#app/billing/plan-changes/cancel.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { createCheckout, type Purchase } from '#app/billing/checkout/create-checkout.server.ts'
import { ensureCustomer } from '#app/billing/customers/stripe-customer.server.ts'
import { NoSubscription } from '#app/billing/errors.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { setNow } from '#app/clock.server.ts'
import { runTopUps } from '#app/billing/top-up/run-top-ups.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { DomainError } from '#app/domain-error.ts'
import type { User } from '#models/user.server.ts'
import { StripeApiError } from '#sandbox/stripe/core/errors.ts'
import { applyPromotion } from '#sandbox/stripe/billing/checkout/promotion-code.ts'
import { aUser, readUser, sessionIdOf } from '../scenario.ts'
import type { StripeForTests } from '../stripe.ts'
import { happenAtStripe } from './at-stripe.ts'
import { Killed, mortal, randomOf } from './chaos.ts'
import { makeCoupons } from './by-hand.ts'
import { BadCourier } from './courier.ts'
import { checkKept, whatIsBeside } from './keeps.ts'
import { onMachine } from './machines.ts'
import type { LifePlan } from './life-plan.ts'
import { type AppStep, type Coupon, isAppStep, type Rushed, type Step } from './steps.ts'
import { setTopUp } from './top-ups.ts'
import { Wallet } from './wallet.ts'

const DAY = 86_400
const VISA = '4242424242424242'

/** One customer's life, with faults everywhere else. */
export class Life {
  readonly #random: () => number
  #isCalm = true
  readonly courier: BadCourier
  /** Counts of steps, refused and successful. */
  readonly tally: Record<string, number> = {}
  wallet!: Wallet
  user!: User

  constructor(
    readonly context: StripeForTests,
    readonly plan: LifePlan,
  ) {
    this.#random = randomOf(plan.seed)
    this.courier = new BadCourier(context, plan.trouble, this.#random, (what) => this.#count(what))
  }

  async live(): Promise<void> {
    const { sandbox } = this.context
    setNow(() => new Date(sandbox.now() * 1000))
    // As if the job had run before, because a first run looks back thirty days only.
    await reconcile()
    await makeCoupons(this.context)
    this.user = await aUser()
    this.wallet = new Wallet(this.user._id, (work) => this.#attempt(work))
    const { first, isStartGood, steps } = this.plan
    if (isStartGood) {
      await this.#take(first)
      await this.courier.finish()
    }
    this.#trouble()
    for (const step of isStartGood ? steps : [first, ...steps]) {
      await this.#take(step)
      if (this.#random() < 0.6) await this.courier.deliver()
    }
    sandbox.faults.reset()
    await this.courier.finish()
    await this.#letLeaseEnd()
  }

  async #take(step: Step): Promise<void> {
    const before = whatIsBeside(this.context)
    const isDone = await this.#expectRefusals(() => this.#do(step))
    if (isAppStep(step)) checkKept(before, whatIsBeside(this.context), step.kind)
    this.#count(isDone ? step.kind : `${step.kind}: refused`)
  }

  #trouble(): void {
    this.#isCalm = false
    const rate = this.plan.failing / 4
    const failures = ([429, 500, 'reset', 'lost_answer'] as const).map((failure) => ({ failure, rate }))
    this.context.sandbox.faults.api = rate > 0 ? failures : []
  }

  /** A step may be refused by a fault of Stripe or a rule of the shop, and neither is a fault of the app. */
  async #expectRefusals(work: () => Promise<unknown>): Promise<boolean> {
    try {
      return (await work()) !== false
    } catch (error) {
      const isExpected = error instanceof DomainError || error instanceof Killed
      if (!isExpected) throw error
      return false
    }
  }

  async #do(step: Step): Promise<unknown> {
    if (isAppStep(step)) return this.#inApp(step)
    // The shop needs a customer before it can sell by hand.
    if (['sell', 'cart', 'invoice'].includes(step.kind)) await this.#attempt(() => ensureCustomer(this.user))
    const { stripeCustomerId: customer } = await readUser(this.user._id)
    return customer
      ? happenAtStripe(this.context, { userId: this.user._id.toHexString(), customer }, step)
      : Promise.resolve(false)
  }

  #inApp(step: AppStep): Promise<unknown> {
    const { user, wallet } = this
    switch (step.kind) {
      case 'subscribe':
        return this.#buy({ user, plan: step.plan, interval: step.interval }, step)
      case 'pack':
        return this.#buy({ user, pack: step.pack }, { ...step, tabs: 1 })
      case 'change':
        return this.#change(step)
      case 'cancel':
        return this.#attempt(() => cancelAtPeriodEnd(user))
      case 'resume':
        return this.#attempt(() => undoCancellation(user))
      case 'advance':
        return Promise.resolve(this.context.sandbox.advance(step.days * DAY))
      case 'spend':
        return wallet.spend(step.credits)
      case 'hold':
        return wallet.hold(step.credits)
      case 'capture':
        return wallet.capture(step.nth, step.share)
      case 'deliver':
        return this.courier.deliver()
      case 'reconcile':
        return this.#reconcile()
      case 'jobs':
        return this.#attempt(async () => [await pauseOverdue(), await runUpkeep(), await runTopUps()])
      case 'topUp':
        return this.#attempt(() => setTopUp(user, step))
      case 'rush':
        return this.#rush(step.what)
    }
  }

  /** Runs several steps at the same moment; each may be refused by itself. */
  async #rush(what: Rushed[]): Promise<void> {
    const { user, wallet } = this
    const works: Record<Rushed, () => Promise<unknown>> = {
      deliver: () => this.courier.deliver({ atOnce: true }),
      reconcile: () => this.#reconcile(),
      upkeep: () => this.#attempt(runUpkeep),
      topUps: () => this.#attempt(runTopUps),
      pause: () => this.#attempt(pauseOverdue),
      spend: () => wallet.spend(100),
      hold: () => wallet.hold(50),
      capture: () => wallet.capture(0, 0.5),
      cancel: () => this.#attempt(() => cancelAtPeriodEnd(user)),
      resume: () => this.#attempt(() => undoCancellation(user)),
    }
    const all = await Promise.all(what.map((one) => this.#expectRefusals(works[one])))
    all.forEach((isDone, index) => this.#count(`rush ${what[index]}${isDone ? '' : ': refused'}`))
  }

  async #reconcile(): Promise<void> {
    await this.#attempt(() => reconcile())
    // A run that died holds its lease for some minutes of real time.
    await this.#letLeaseEnd()
  }

  async #letLeaseEnd(): Promise<void> {
    await mongoose.connection.collection('reconcile_runs').updateMany({}, { $set: { leaseUntil: new Date(0) } })
  }

  /** Opens the checkout page in several tabs, and pays on each. */
  async #buy(purchase: Purchase, how: { card: string; coupon: Coupon; tabs: number }): Promise<boolean> {
    const urls = new Set<string>()
    for (let tab = 0; tab < how.tabs; tab++) {
      const nonce = randomUUID()
      const open = () => createCheckout(purchase, { nonce })
      for (const { url } of await this.#clicks(open)) urls.add(url)
    }
    let isPaid = false
    for (const url of urls) isPaid = this.#pay(sessionIdOf(url), how) || isPaid
    return isPaid
  }

  #pay(session: string, { card, coupon }: { card: string; coupon: Coupon }): boolean {
    const { sandbox } = this.context
    const { world } = sandbox
    // As if bank debits were enabled in the Stripe account.
    world.run(() =>
      world.tables.checkoutSessions.update(session, { payment_method_types: ['card', 'sepa_debit'] as never }),
    )
    try {
      if (coupon !== 'none')
        world.run(() => applyPromotion(world, world.tables.checkoutSessions.get(session)!, coupon, 'apply'))
      sandbox.completeCheckout(session, { card })
      return true
    } catch (error) {
      // The card was declined, or the page was already paid.
      if (error instanceof StripeApiError) return false
      throw error
    }
  }

  /** Changes the plan; a user without one buys it. */
  async #change(choice: { plan: string; interval: 'month' | 'year' }): Promise<unknown> {
    const nonce = randomUUID()
    try {
      return await this.#clicks(() => changePlan(this.user, choice, { nonce }))
    } catch (error) {
      if (!(error instanceof NoSubscription)) throw error
      const { plan, interval } = choice
      return this.#buy({ user: this.user, plan, interval }, { card: VISA, coupon: 'none', tabs: 1 })
    }
  }

  /** One click in five is a double click. Both are awaited, because one person does one thing at a time. */
  async #clicks<T>(work: () => Promise<T>): Promise<T[]> {
    const click = () => this.#attempt(work)
    const clicks = await Promise.allSettled(this.#random() < 0.2 ? [click(), click()] : [click()])
    const refused = clicks.find((one) => one.status === 'rejected')
    if (refused) throw refused.reason
    return clicks.map((one) => (one as PromiseFulfilledResult<T>).value)
  }

  /** Runs some work on a random machine, which may crash. */
  #attempt<T>(work: () => Promise<T>): Promise<T> {
    const dies = !this.#isCalm && this.#random() < this.plan.trouble.kill
    const calls = 1 + Math.floor(this.#random() * 40)
    const isAfter = this.#random() < 0.5
    return onMachine(this.#random, () => (dies ? mortal(calls, isAfter, work) : work()))
  }

  #count(what: string): void {
    this.tally[what] = (this.tally[what] ?? 0) + 1
  }
}
