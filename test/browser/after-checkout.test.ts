import type { Page } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import { useBrowser } from '#test/setup/browser.ts'
import { expectFaultless } from './faults-of-page.ts'
import { payWith } from './steps.ts'
import { sessionOf, useStripeControls } from './stripe-controls.ts'

/*
 * The page that Stripe redirects to, in each of its states. It only reads: the webhook grants the credits, and
 * it may be faster, slower, or lost.
 */
// Many steps each, with Stripe's own retries among them.
vi.setConfig({ testTimeout: 150_000 })
useBrowser()
const stripe = useStripeControls()

const CARD = '4242 4242 4242 4242'
const DEBIT_PAYS = 'AT611904300234573201'
const DEBIT_FAILS = 'AT861904300235473202'

const headed = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor()

/** Opens the checkout of the small pack and ends on Stripe's page. */
async function toCheckout(page: Page): Promise<string> {
  await page.goto('/billing')
  await page.getByRole('button', { name: 'Buy for $6.00' }).click()
  await page.waitForURL((url) => url.href.startsWith(stripe.installation.sandboxUrl))
  return sessionOf(page)
}

/** Pays without the page, then opens the return address as Stripe's redirect would. */
async function comesBack(page: Page, session: string, more = ''): Promise<void> {
  await page.goto(`/billing/success?session_id=${session}${more}`)
}

describe.each([
  { name: 'with JavaScript', javaScriptEnabled: true },
  { name: 'without JavaScript', javaScriptEnabled: false },
])('the return from checkout $name', ({ javaScriptEnabled }) => {
  test('the page waits for the webhook, says so, and then shows the credits', async () => {
    const page = await stripe.newPerson({ javaScriptEnabled })
    await toCheckout(page)
    await stripe.break({ deliveries: { hold: true } })
    await payWith(page, CARD)

    await headed(page, 'Payment received. Adding your 500 credits…')
    expect(await page.getByRole('main').getByRole('status').innerText()).toContain('Adding your 500 credits')
    if (javaScriptEnabled) await expectFaultless(page)
    await stripe.heal()

    await headed(page, '500 credits added.')
    expect(await page.getByRole('main').innerText()).toContain('You have 525 credits.')
    expect(await page.getByRole('link', { name: 'Use credits' }).isVisible()).toBe(true)
  })

  test('the page says that the payment is safe when a webhook is lost, and updates when it arrives', async () => {
    const page = await stripe.newPerson({ javaScriptEnabled })
    const session = await toCheckout(page)
    await stripe.break({ deliveries: { drop: 1 } })
    await stripe.control('/checkout', { session })
    await stripe.control('/idle')

    await comesBack(page, session, '&try=6')
    await headed(page, 'Your payment is safe.')
    expect(await page.getByRole('main').innerText()).toContain('You can leave this page')
    if (javaScriptEnabled) await expectFaultless(page)

    await stripe.heal()
    const { events } = await eventsOf('checkout.session.completed')
    await stripe.control('/deliver', { event: events.at(-1)!.id })

    await headed(page, '500 credits added.')
  })
})

test('reopening the page shows the same and adds nothing', async () => {
  const page = await stripe.newPerson()
  const session = await toCheckout(page)
  await payWith(page, CARD)
  await headed(page, '500 credits added.')

  await comesBack(page, session)
  await headed(page, '500 credits added.')

  expect(await page.getByRole('banner').innerText()).toContain('525 credits')
})

test('a bank debit is shown as unconfirmed until it is paid', async () => {
  const page = await stripe.newPerson()
  const session = await paysByDebit(page, DEBIT_PAYS)

  await comesBack(page, session)
  await headed(page, 'Your bank has not confirmed the payment yet.')
  expect(await page.getByRole('main').innerText()).toContain('up to 3 days')
  await expectFaultless(page)
  await stripe.control('/clock', { seconds: 600 })
  await stripe.control('/idle')
  await page.reload()

  await headed(page, '500 credits added.')
})

test('a refused bank debit shows that nothing was charged, and offers another try', async () => {
  const page = await stripe.newPerson()
  const session = await paysByDebit(page, DEBIT_FAILS)
  await stripe.control('/clock', { seconds: 600 })
  await stripe.control('/idle')

  await comesBack(page, session)
  await headed(page, 'The payment did not go through.')

  expect(await page.getByRole('main').innerText()).toContain('You were not charged.')
  await expectFaultless(page)
  await page.getByRole('link', { name: 'Try again' }).click()
  await headed(page, 'Pricing')
  await page.goto('/dashboard')
  expect(await page.getByRole('banner').innerText()).toContain('25 credits')
})

test('an expired checkout shows that nothing was charged', async () => {
  const page = await stripe.newPerson()
  const session = await toCheckout(page)
  await stripe.call(`/v1/checkout/sessions/${session}/expire`)

  await comesBack(page, session)

  await headed(page, 'This checkout has expired.')
  expect(await page.getByRole('main').innerText()).toContain('Nothing was charged.')
  expect(await page.getByRole('link', { name: 'Try again' }).isVisible()).toBe(true)
  await expectFaultless(page)
})

test('the page says that Stripe does not answer, retries by itself, and then shows the credits', async () => {
  const page = await stripe.newPerson()
  const session = await toCheckout(page)
  await stripe.control('/checkout', { session })
  await stripe.break({ api: [{ failure: 503, match: 'GET /v1/checkout/sessions' }] })

  await comesBack(page, session)
  await headed(page, 'We cannot check your payment right now.')
  await expectFaultless(page)
  await stripe.heal()

  await headed(page, '500 credits added.')
})

test('another user’s payment is not shown and adds nothing', async () => {
  const buyer = await stripe.newPerson()
  const session = await toCheckout(buyer)
  await payWith(buyer, CARD)
  await headed(buyer, '500 credits added.')

  const stranger = await stripe.newPerson()
  await comesBack(stranger, session)

  await headed(stranger, 'We cannot find this payment.')
  expect(await stranger.locator('body').innerText()).not.toContain('500')
  for (const id of ['', 'cs_test_none', 'x'.repeat(500), '../../admin']) {
    await comesBack(stranger, encodeURIComponent(id))
    await headed(stranger, 'We cannot find this payment.')
  }
  await expectFaultless(stranger)
})

/** Pays by bank debit, which the sandbox offers in euros, as if the Stripe account had it enabled. */
async function paysByDebit(page: Page, card: string): Promise<string> {
  const known = await toCheckout(page)
  const { customer, client_reference_id: userId } = await stripe.read(`/v1/checkout/sessions/${known}`)
  const { id } = await stripe.call('/v1/checkout/sessions', {
    mode: 'payment',
    customer: String(customer),
    client_reference_id: String(userId),
    'allowed_payment_method_types[0]': 'card',
    'allowed_payment_method_types[1]': 'sepa_debit',
    'metadata[app]': 'scrip',
    'metadata[userId]': String(userId),
    'metadata[pack]': '500',
    'line_items[0][quantity]': '1',
    'line_items[0][price_data][currency]': 'eur',
    'line_items[0][price_data][unit_amount]': '600',
    'line_items[0][price_data][product_data][name]': '500 credits',
    success_url: stripe.installation.url,
  })
  await stripe.control('/checkout', { session: id, card })
  return String(id)
}

async function eventsOf(type: string): Promise<{ events: { id: string }[] }> {
  const response = await fetch(`${stripe.installation.sandboxUrl}/_sandbox/events?type=${type}`)
  return (await response.json()) as { events: { id: string }[] }
}
