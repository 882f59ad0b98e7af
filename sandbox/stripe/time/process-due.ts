import type { Appointment } from '../core/agenda.ts'
import type { Seconds } from '../core/clock.ts'
import type { World } from '../core/world.ts'
import { expireSession, settleDebit } from '../billing/checkout/pay-session.ts'
import { collect } from '../billing/collection/collect.ts'
import { dueAt } from '../core/due-dates.ts'
import { finalize, markUncollectible, voidInvoice } from '../billing/invoices/invoice.ts'
import { attendSubscription } from '../billing/lifecycle/renew-subscription.ts'
import { attendSchedule } from '../billing/lifecycle/schedule.ts'
import { subscriptionOf } from '../billing/subscriptions/status.ts'
import type { Invoice } from '../core/shapes.ts'

/**
 * Does everything that is due on a clock up to a moment, in the order of its dates; each piece of work happens at
 * its own date and may add more, so a year advanced at once plays out like a year.
 */
export function catchUp(world: World, clock: string | null, until: Seconds): void {
  for (let next = world.agenda.next(clock); next && next.at <= until; next = world.agenda.next(clock)) {
    world.agenda.take(clock)
    attendTo(world, next)
  }
}

function attendTo(world: World, { table, id, clock, at }: Appointment): void {
  const row = world.tables.named(table)?.get(id)
  // Only a hint: the date may have moved since it was noted, or another appointment may have dealt with it.
  const due = row && dueAt(world.tables, table, row)
  if (row === undefined || due == null || due > at) return
  const work = () => world.run(() => attend(world, table, id))
  if (clock === null) return world.clock.at(Math.max(at, due), work)
  const frozen = world.tables.testClocks.get(clock)?.frozen_time ?? at
  world.run(() => {
    world.tables.testClocks.update(clock, { frozen_time: Math.max(frozen, at) })
    attend(world, table, id)
  })
}

function attend(world: World, table: string, id: string): void {
  const { paymentIntents, subscriptions, invoices, checkoutSessions, subscriptionSchedules } = world.tables
  if (table === 'subscription') attendSubscription(world, subscriptions.get(id)!)
  if (table === 'invoice') attendInvoice(world, invoices.get(id)!)
  if (table === 'payment_intent') settleDebit(world, paymentIntents.get(id)!)
  if (table === 'checkout.session') expireSession(world, checkoutSessions.get(id)!)
  if (table === 'subscription_schedule') attendSchedule(world, subscriptionSchedules.get(id)!)
}

/** A draft whose hour is over is finalised and collected; an open one is tried again. */
function attendInvoice(world: World, invoice: Invoice): void {
  const paused = subscriptionOf(world, invoice)?.pause_collection?.behavior
  const open = invoice.status === 'draft' ? finalize(world, invoice) : invoice
  if (open.status === 'open' && paused === 'void') voidInvoice(world, open)
  else if (open.status === 'open' && paused === 'mark_uncollectible') markUncollectible(world, open)
  else if (open.collection_method === 'charge_automatically' || open.status === 'paid')
    collect(world, open, { offSession: true, automatic: true })
}
