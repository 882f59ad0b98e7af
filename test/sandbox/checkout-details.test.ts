import { describe, expect, test } from 'vitest'
import { aCustomer, aPlan, sandboxAndClient } from './harness.ts'
import { differences } from './shape.ts'

const urls = { success_url: 'http://localhost/done', cancel_url: 'http://localhost/back' }

describe('a tax ID at checkout', () => {
  test('an existing customer needs customer_update[name] for a tax ID, as at Stripe', async () => {
    const { stripe } = await sandboxAndClient()
    const { monthly } = await aPlan(stripe)
    const { id: customer } = await stripe.customers.create({ email: 'ada@example.com' })
    const open = (customer_update?: { name: 'auto' }) =>
      stripe.checkout.sessions.create({
        ...urls,
        mode: 'subscription',
        customer,
        line_items: [{ price: monthly.id, quantity: 1 }],
        tax_id_collection: { enabled: true },
        ...(customer_update && { customer_update }),
      })
    await expect(open()).rejects.toThrow(/customer_update\[name\]/)
    expect(await open({ name: 'auto' })).toMatchObject({ tax_id_collection: { enabled: true, required: 'never' } })
  })

  test('an invalid tax ID returns the form, and a valid one has Stripe’s shape', async () => {
    const { sandbox, stripe } = await sandboxAndClient()
    const { monthly } = await aPlan(stripe)
    const session = await stripe.checkout.sessions.create({
      ...urls,
      mode: 'subscription',
      line_items: [{ price: monthly.id, quantity: 1 }],
      tax_id_collection: { enabled: true },
    })
    const fields = { email: 'a@b.example', number: '4242 4242 4242 4242', expiry: '12 / 34', cvc: '123', name: 'Ada' }
    const pay = (tax_id: string) =>
      fetch(session.url!, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ ...fields, country: 'DE', tax_id, pay: '1' }),
      })
    expect(await (await pay('nonsense')).text()).toContain('such as DE123456789')
    expect((await pay('GB123456789')).status).toBe(303)
    const [row] = sandbox.world.tables.taxIds.filter(() => true)
    expect(row).toMatchObject({ type: 'gb_vat', value: 'GB123456789', country: 'GB' })
    expect(differences('tax_id', row!)).toEqual([])
    const { customer } = await stripe.checkout.sessions.retrieve(session.id)
    const expanded = await stripe.customers.retrieve(customer as string, { expand: ['tax_ids'] })
    expect(expanded).toMatchObject({ tax_ids: { data: [{ value: 'GB123456789' }] } })
  })
})

test('tax IDs of a customer can be created, listed, read and deleted by the API, each with its event', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { id: customer } = await stripe.customers.create({ email: 'ada@example.com' })
  const { id: other } = await stripe.customers.create({ email: 'bob@example.com' })
  const row = await stripe.customers.createTaxId(customer, { type: 'eu_vat', value: 'DE123456789' })
  expect(row).toMatchObject({ type: 'eu_vat', value: 'DE123456789', country: 'DE', customer })
  expect((await stripe.customers.listTaxIds(customer)).data).toMatchObject([{ id: row.id }])
  expect(await stripe.customers.retrieveTaxId(customer, row.id)).toMatchObject({ id: row.id })
  await expect(stripe.customers.retrieveTaxId(other, row.id)).rejects.toMatchObject({ code: 'resource_missing' })
  const wrong = stripe.customers.createTaxId(customer, { type: 'eu_vat', value: '123' })
  await expect(wrong).rejects.toMatchObject({ code: 'tax_id_invalid' })

  expect(await stripe.customers.deleteTaxId(customer, row.id)).toMatchObject({ id: row.id, deleted: true })
  expect((await stripe.customers.listTaxIds(customer)).data).toEqual([])
  expect(sandbox.events('customer.tax_id.*').map(({ type }) => type)).toEqual([
    'customer.tax_id.created',
    'customer.tax_id.deleted',
  ])
})

test('automatic tax needs an address, or permission to save the one that is entered', async () => {
  const { stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const { id: customer } = await stripe.customers.create({ email: 'ada@example.com' })
  const order = { ...urls, mode: 'subscription' as const, customer, line_items: [{ price: monthly.id, quantity: 1 }] }
  const taxed = { ...order, automatic_tax: { enabled: true } }
  await expect(stripe.checkout.sessions.create(taxed)).rejects.toMatchObject({ code: 'customer_tax_location_invalid' })
  await stripe.checkout.sessions.create({ ...taxed, customer_update: { address: 'auto' } })
})

test('a language that the page does not have is refused', async () => {
  const { stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const open = (locale: string) =>
    stripe.checkout.sessions.create({
      ...urls,
      mode: 'subscription',
      locale,
      line_items: [{ price: monthly.id, quantity: 1 }],
    })
  expect((await open('de')).locale).toBe('de')
  await expect(open('tlh')).rejects.toThrow(/Invalid locale/)
})

test('a price in several currencies is charged in the requested one', async () => {
  const { stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  await stripe.prices.update(monthly.id, { currency_options: { jpy: { unit_amount: 1500 } } })
  const { currency_options } = await stripe.prices.retrieve(monthly.id, { expand: ['currency_options'] })
  expect(Object.keys(currency_options ?? {}).sort()).toEqual(['jpy', 'usd'])
  expect(currency_options?.jpy?.unit_amount).toBe(1500)

  const session = await stripe.checkout.sessions.create({
    ...urls,
    mode: 'subscription',
    currency: 'jpy',
    line_items: [{ price: monthly.id, quantity: 2 }],
  })
  expect(session).toMatchObject({ currency: 'jpy', amount_total: 3000 })
  const { id: customer } = await aCustomer(stripe)
  const items = [{ price: monthly.id }]
  const inYen = await stripe.subscriptions.create({ customer, currency: 'jpy', items, expand: ['latest_invoice'] })
  expect(inYen).toMatchObject({ currency: 'jpy', latest_invoice: { currency: 'jpy', amount_paid: 1500 } })
  await expect(stripe.subscriptions.create({ customer, currency: 'chf', items })).rejects.toThrow(/currency/)
})

describe('the checkout page', () => {
  const text = async (url: string, form?: Record<string, string>) =>
    (await fetch(url, form && { method: 'POST', body: new URLSearchParams(form) })).text()

  test('the page describes the purchase in the shop’s words', async () => {
    const { stripe } = await sandboxAndClient()
    const { monthly } = await aPlan(stripe)
    await stripe.products.update(monthly.product as string, { description: '1,000 credits a month. For one person.' })
    const line_items = [{ price: monthly.id, quantity: 1 }]
    const { url } = await stripe.checkout.sessions.create({ ...urls, mode: 'subscription', line_items })
    expect(await text(url!)).toContain('1,000 credits a month. For one person.')
  })

  test('the page asks for a state with the address, and keeps a refused card number in groups', async () => {
    const { stripe } = await sandboxAndClient()
    const { monthly } = await aPlan(stripe)
    const line_items = [{ price: monthly.id, quantity: 1 }]
    const order = {
      ...urls,
      mode: 'subscription' as const,
      line_items,
      billing_address_collection: 'required' as const,
    }
    const { id, url } = await stripe.checkout.sessions.create(order)
    const form = { email: 'ada@example.com', number: '4242424242424242', expiry: '12 / 34', cvc: '123', country: 'US' }
    const address = { name: 'Ada', line1: '1 Main Street', city: 'Springfield', postal_code: '12345', state: 'IL' }
    const refused = await text(url!, { ...form, ...address, cvc: '1', pay: '1' })

    expect(refused).toContain('value="4242 4242 4242 4242"')
    expect(refused).toMatch(/name="state"[^>]*value="IL"|value="IL"[^>]*name="state"/)
    await fetch(url!, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ ...form, ...address, pay: '1' }),
    })
    expect((await stripe.checkout.sessions.retrieve(id)).customer_details?.address?.state).toBe('IL')
  })

  test('the page remembers the country of the customer’s last payment', async () => {
    const { stripe } = await sandboxAndClient()
    const { id: customer } = await stripe.customers.create({ email: 'ada@example.com' })
    const open = () =>
      stripe.checkout.sessions.create({
        ...urls,
        ...{ mode: 'payment', customer },
        line_items: [
          { quantity: 1, price_data: { currency: 'usd', unit_amount: 500, product_data: { name: 'Pack' } } },
        ],
      })
    const first = await open()
    expect(await text(first.url!)).toMatch(/value="US"\s+selected/)
    const form = { number: '4242424242424242', expiry: '12 / 34', cvc: '123', name: 'Ada', country: 'PT', pay: '1' }
    await fetch(first.url!, { method: 'POST', redirect: 'manual', body: new URLSearchParams(form) })
    const second = await open()

    expect(await text(second.url!)).toMatch(/value="PT"\s+selected/)
  })
})
