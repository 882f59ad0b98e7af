import { expect, it } from 'vitest'
import { aPlan, sandboxAndClient } from './harness.ts'
import { at, onClock } from './on-clock.ts'

const addOn = { name: 'Priority queue', month: 500, year: 5000 }

it('a flexible subscription accepts prices of two intervals, and each item keeps its own period', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { customer, advance } = await onClock(sandbox, stripe)
  const { monthly } = await aPlan(stripe, addOn)
  const { yearly } = await aPlan(stripe)
  const { id } = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: monthly.id }, { price: yearly.id }],
  })
  const periods = async () =>
    (await stripe.subscriptions.retrieve(id)).items.data.map((item) => [
      item.current_period_start,
      item.current_period_end,
    ])
  const invoices = async () =>
    (await stripe.invoices.list({ subscription: id })).data
      .map((invoice) => invoice.lines.data.map(({ amount }) => amount))
      .reverse()
  expect(await periods()).toEqual([
    [at('2026-01-31T12:00:00'), at('2026-02-28T12:00:00')],
    [at('2026-01-31T12:00:00'), at('2027-01-31T12:00:00')],
  ])
  await advance('2026-03-01T00:00:00')
  expect(await periods()).toEqual([
    [at('2026-02-28T12:00:00'), at('2026-03-31T12:00:00')],
    [at('2026-01-31T12:00:00'), at('2027-01-31T12:00:00')],
  ])
  expect(await invoices()).toEqual([[500, 10_000], [500]])
  for (let month = 4; month <= 12; month++) await advance(`2026-${String(month).padStart(2, '0')}-01T00:00:00`)
  for (const day of ['2027-01-01', '2027-02-01']) await advance(`${day}T00:00:00`)
  expect((await invoices()).at(-1)).toEqual([500, 10_000])
})

it('a classic subscription refuses prices of two intervals', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { customer } = await onClock(sandbox, stripe)
  const plan = await aPlan(stripe)
  const items = [{ price: plan.monthly.id }, { price: (await aPlan(stripe, addOn)).yearly.id }]
  const classic = { customer: customer.id, billing_mode: { type: 'classic' as const } }
  await expect(stripe.subscriptions.create({ ...classic, items })).rejects.toThrow('mismatch in interval field')

  const { id, items: sold } = await stripe.subscriptions.create({ ...classic, items: items.slice(0, 1) })
  await expect(stripe.subscriptions.update(id, { items: items.slice(1) })).rejects.toThrow('mismatch in interval')
  const { id: schedule, phases } = await stripe.subscriptionSchedules.create({ from_subscription: id })
  const { start_date, end_date } = phases[0]!
  const current = { items: [{ price: sold.data[0]!.price.id }], start_date, end_date }
  const change = stripe.subscriptionSchedules.update(schedule, {
    phases: [current, { items, duration: { interval: 'month', interval_count: 1 } }],
  })
  await expect(change).rejects.toThrow('mismatch in interval')
})

it('a price of another interval starts a new period for all items and credits the unused time', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { customer, advance } = await onClock(sandbox, stripe)
  const plan = await aPlan(stripe)
  const { id, items } = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: plan.monthly.id }, { price: (await aPlan(stripe, addOn)).monthly.id }],
  })
  await advance('2026-02-14T12:00:00')
  const changed = { id: items.data[0]!.id, price: plan.yearly.id }
  await stripe.subscriptions.update(id, { items: [changed], proration_behavior: 'always_invoice' })
  const { data } = (await stripe.subscriptions.retrieve(id)).items
  expect(data.map((item) => item.current_period_end)).toEqual([at('2027-02-14T12:00:00'), at('2026-03-14T12:00:00')])
  const [newest] = (await stripe.invoices.list({ subscription: id })).data
  expect(newest!.lines.data.map(({ amount }) => amount).sort((one, other) => one - other)).toEqual([
    -500, -250, 500, 10_000,
  ])
})

it('cancel_at_period_end means the earliest period end, and a date can be that of the last one', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { customer } = await onClock(sandbox, stripe)
  const { yearly } = await aPlan(stripe)
  const items = [{ price: (await aPlan(stripe, addOn)).monthly.id }, { price: yearly.id }]
  const { id } = await stripe.subscriptions.create({ customer: customer.id, items })
  expect(await stripe.subscriptions.update(id, { cancel_at_period_end: true })).toMatchObject({
    cancel_at: at('2026-02-28T12:00:00'),
  })
  await stripe.subscriptions.update(id, { cancel_at_period_end: false })
  expect(await stripe.subscriptions.update(id, { cancel_at: 'max_period_end' })).toMatchObject({
    cancel_at: at('2027-01-31T12:00:00'),
  })
})
