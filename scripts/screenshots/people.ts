/** Users in every state that the pages show. */
import { setNow } from '#app/clock.server.ts'
import { daysFromNow, Person } from './person.ts'

/** Creates all users, and restores the clock afterwards. */
export async function makePeople(): Promise<void> {
  for (const make of [makeMember, makeRich, makeYearly, makeNew, makeOwing, makeLeaving]) await make()
  setNow(null)
}

async function makeMember(): Promise<void> {
  const member = await Person.signUp('member@scrip.test', 'Ada Archer')
  await member.pays(-39, 'Daily', { status: 'ended', billingReason: 'subscription_create' })
  for (let day = 0; day < 24; day++) {
    await member.spends(-38 + day * 1.1, 12 + ((day * 37) % 90))
    if (day % 3 === 0) await member.spends(-38 + day * 1.1, 9 + ((day * 11) % 30), 'api')
  }
  await member.pays(-10, 'Daily', { expiresIn: 20 })
  for (const [days, credits] of [
    [-3, 40],
    [-1.3, 12],
    [-1.2, 5],
    [-0.02, 3],
  ] as const)
    await member.spends(days, credits)
  await member.reserves(60)
  await member.has({})
}

/** More actions than the chart has layers. */
const ACTIONS = ['qr-code', 'Translate an article', 'api', 'invoice-reader', 'nightly-report']

/** One account with every kind of ledger entry. */
async function makeRich(): Promise<void> {
  const rich = await Person.signUp('rich@scrip.test', 'Maximiliana Featherstonehaugh-Cholmondeley of Wigtownshire')
  await rich.pays(-100, 'Beginner', { billingReason: 'subscription_create' })
  for (let day = 0; day < 60; day++) {
    await rich.spends(-99 + day * 0.4, 1 + ((day * 37) % 30), ACTIONS[day % ACTIONS.length])
  }
  await rich.pays(-70, 'Beginner')
  const pack = await rich.buysPack(-60, '2000')
  await rich.pays(-57, 'Daily', { billingReason: 'subscription_update', amount: 453, credits: 566 })
  await rich.pays(-40, 'Daily', { expiresIn: -8 })
  await rich.spends(-20, 700)
  await rich.isRefunded(-12, pack, 1100)
  await rich.pays(-10, 'Daily', { expiresIn: 22 })
  await rich.isCorrected(-8, 50, 'For the trouble of last week')
  await rich.isCorrected(-7, -5, 'A mistake in the one before')
  await rich.spends(-6, 120)
  for (const [place, action] of ACTIONS.entries()) await rich.spends(-4, 15 + place * 8, action)
  await rich.reserves(60)
  await rich.has({})
}

async function makeYearly(): Promise<void> {
  const yearly = await Person.signUp('yearly@scrip.test', 'Yuki Yearly')
  await yearly.pays(-65, 'Creator', { billingReason: 'subscription_create', shares: 12 })
  await yearly.spends(-50, 4200)
  await yearly.spends(-2, 900)
  const price = {
    amount: 40_000,
    currency: 'usd',
    interval: 'year',
    intervalCount: 1,
    credits: 60_000,
    isExact: true,
  } as const
  await yearly.has({ plan: 'Creator', interval: 'year', currentPeriodEnd: daysFromNow(300), price })
}

async function makeNew(): Promise<void> {
  await Person.signUp('new@scrip.test', 'Nora New')
  const trying = await Person.signUp('trying@scrip.test', 'Tom Trial')
  await trying.has({ status: 'trialing', trialEnd: daysFromNow(9), currentPeriodEnd: daysFromNow(9) })
  const unfinished = await Person.signUp('unfinished@scrip.test', 'Una Unfinished')
  await unfinished.has({ status: 'incomplete' })
}

/** Users with a payment due, or a payment in doubt. */
async function makeOwing(): Promise<void> {
  const due = await Person.signUp('due@scrip.test', 'Dan Due')
  await due.pays(-35, 'Daily')
  await due.spends(-3, 160)
  const owed = {
    amount: 1800,
    currency: 'usd',
    stripeInvoiceId: 'in_due',
    at: daysFromNow(-1.6),
    url: 'https://invoice.stripe.com/in_due',
  }
  await due.has({ status: 'past_due', gracePeriodEnd: daysFromNow(1.4), owed })
  await due.hasCardUntil(-40)

  const stopped = await Person.signUp('stopped@scrip.test', 'Stella Stopped')
  await stopped.pays(-35, 'Creator')
  await stopped.spends(-6, 1200)
  await stopped.has({ plan: 'Creator', status: 'past_due', gracePeriodEnd: daysFromNow(-1.4) })
  await stopped.isPaused()

  const refunded = await Person.signUp('refunded@scrip.test', 'Rita Refund')
  const invoice = await refunded.pays(-12, 'Beginner')
  await refunded.spends(-3, 185)
  await refunded.isRefunded(-1, invoice)

  const disputing = await Person.signUp('disputing@scrip.test', 'Dora Dispute')
  await disputing.pays(-40, 'Daily')
  const disputed = await disputing.pays(-10, 'Daily')
  await disputing.spends(-9, 300)
  await disputing.has({})
  await disputing.disputes(-2, disputed)
}

async function makeLeaving(): Promise<void> {
  const leaving = await Person.signUp('leaving@scrip.test', 'Leo Leaving')
  await leaving.pays(-10, 'Daily')
  await leaving.has({ cancelAtPeriodEnd: true })

  const paused = await Person.signUp('paused@scrip.test', 'Pia Paused')
  await paused.pays(-40, 'Daily')
  await paused.has({ status: 'paused' })

  const gone = await Person.signUp('gone@scrip.test', 'Gus Gone')
  await gone.pays(-40, 'Daily', { status: 'cancelled' })
  await gone.has({ status: 'canceled', endedReason: 'payment_failed' })
}
