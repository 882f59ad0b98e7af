import { expect, it } from 'vitest'
import { cancelUnpaid } from '#app/billing/dunning/cancel-unpaid.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { useSandboxClock } from '../clock.ts'
import { openInvoicesOf, overdueSubscriber, subscriptionIdOf } from '../customers.ts'
import { DyingProcess } from './crashes.ts'
import { Deliveries, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
useSandboxClock(context)

const atStripe = (user: User) => context.stripe.subscriptions.retrieve(subscriptionIdOf(user))
const chargedOf = async (user: User) => {
  const { data } = await context.stripe.charges.list({ customer: user.stripeCustomerId!, limit: 100 })
  return data.filter(({ paid }) => paid).reduce((sum, { amount }) => sum + amount, 0)
}

it.each(['before', 'after'] as const)(
  'canceling an unpaid plan in a process that dies %s any of its writes leaves the plan as it was, or ended',
  async (moment) => {
    const dying = new DyingProcess()
    for (let at = 1, died = true; died; at++) {
      const user = await overdueSubscriber(deliveries)
      dying.watch()
      try {
        ;({ died } = await dying.live(() => cancelUnpaid(user), { at, moment, deliveries }))
      } finally {
        dying.restore()
      }
      const { status } = await atStripe(user)
      const open = await openInvoicesOf(context, user)
      expect([status, open.length], `write ${at}`).toEqual(open.length > 0 ? ['past_due', 1] : ['canceled', 0])
      const stored = (await readUser(user._id)).subscription
      expect(stored?.plan, `write ${at}`).toBe(status === 'canceled' ? 'Free' : 'Beginner')
      expect(await chargedOf(user)).toBe(1000)
      if (status !== 'canceled') await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
      deliveries.take()
    }
  },
  300_000,
)
