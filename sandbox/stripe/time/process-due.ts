import type { Appointment } from '../core/agenda.ts'
import type { Seconds } from '../core/clock.ts'
import type { World } from '../core/world.ts'
import { expireSession, settleBankDebit } from '../billing/checkout/pay-session.ts'
import { collect } from '../billing/collection/collect.ts'
import { dueAt } from '../core/due-dates.ts'
import { finalize, markUncollectible, voidInvoice } from '../billing/invoices/invoice.ts'
import { processSubscription } from '../billing/lifecycle/renew-subscription.ts'
import { advanceSchedule } from '../billing/lifecycle/schedule.ts'
import { subscriptionOf } from '../billing/subscriptions/status.ts'
import type { Invoice } from '../core/shapes.ts'

/**
 * Processes everything that is due on a clock up to a moment, in order. Each object is processed at its own date and may
 * become due again, so advancing a year at once has the same results as a real year.
 */
export function catchUp(world: World, clock: string | null, until: Seconds): void {
  for (let next = world.agenda.next(clock); next && next.at <= until; next = world.agenda.next(clock)) {
    world.agenda.take(clock)
    processAppointment(world, next)
  }
}

function processAppointment(world: World, { table, id, clock, at }: Appointment): void {
  const row = world.tables.named(table)?.get(id)
  // An appointment is only a hint: the date may have changed, or an earlier appointment may have done the work.
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
  if (table === 'subscription') processSubscription(world, subscriptions.get(id)!)
  if (table === 'invoice') processInvoice(world, invoices.get(id)!)
  if (table === 'payment_intent') settleBankDebit(world, paymentIntents.get(id)!)
  if (table === 'checkout.session') expireSession(world, checkoutSessions.get(id)!)
  if (table === 'subscription_schedule') advanceSchedule(world, subscriptionSchedules.get(id)!)
}

/** Finalizes and collects a draft after its hour, and retries an open invoice. */
function processInvoice(world: World, invoice: Invoice): void {
  const paused = subscriptionOf(world, invoice)?.pause_collection?.behavior
  const open = invoice.status === 'draft' ? finalize(world, invoice) : invoice
  if (open.status === 'open' && paused === 'void') voidInvoice(world, open)
  else if (open.status === 'open' && paused === 'mark_uncollectible') markUncollectible(world, open)
  else if (open.collection_method === 'charge_automatically' || open.status === 'paid')
    collect(world, open, { offSession: true, automatic: true })
}
