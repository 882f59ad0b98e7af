import chromium from '@sparticuz/chromium'
import { chromium as pw } from 'playwright-core'
import { AxeBuilder } from '@axe-core/playwright'
import { createServer } from 'node:http'
import Stripe from 'stripe'
import { startStripeSandbox } from '../../sandbox/stripe/server.ts'
const hook = createServer((q, r) => { q.resume(); q.on('end', () => r.writeHead(Math.random() < 0.15 ? 500 : 200).end('{"received":true}')) }).listen(0)
const port = (hook.address() as {port:number}).port
const sandbox = await startStripeSandbox({ endpoint: { url: `http://127.0.0.1:${port}/api/webhook`, secret: 'whsec_x' } })
const stripe = new Stripe('sk_test_x', { host: '127.0.0.1', port: sandbox.port, protocol: 'http' })
const product = await stripe.products.create({ name: 'Daily' })
const price = await stripe.prices.create({ product: product.id, currency: 'usd', unit_amount: 1800, recurring: { interval: 'month' } })
const p2 = await stripe.products.create({ name: 'Creator' })
const price2 = await stripe.prices.create({ product: p2.id, currency: 'usd', unit_amount: 4000, recurring: { interval: 'month' } })
await stripe.coupons.create({ id: 'half', percent_off: 50, duration: 'once' })
await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: 'half' }, code: 'HALF' })
const customer = await stripe.customers.create({ email: 'ada@example.com', name: 'Ada Lovelace' })
const mk = (o = {}) => stripe.checkout.sessions.create({ mode: 'subscription', customer: customer.id, billing_address_collection: 'required', allow_promotion_codes: true, line_items: [{ price: price.id, quantity: 1 }], success_url: 'http://localhost:3000/x', cancel_url: 'http://localhost:3000/pricing', ...o })
const s1 = await mk()
sandbox.completeCheckout(s1.id)
const s2 = await mk()
const s3 = await mk({ automatic_tax: { enabled: true }, allow_promotion_codes: undefined, discounts: [{ coupon: 'half' }] })
const sub = (await stripe.subscriptions.list({ customer: customer.id })).data[0]!
const inv = await stripe.invoices.retrieve(sub.latest_invoice as string)
const portal = await stripe.billingPortal.sessions.create({ customer: customer.id, return_url: 'http://localhost:3000/billing' })
const confirm = await stripe.billingPortal.sessions.create({ customer: customer.id, return_url: 'http://localhost:3000/billing', flow_data: { type: 'subscription_update_confirm', subscription_update_confirm: { subscription: sub.id, items: [{ id: sub.items.data[0]!.id, price: price2.id, quantity: 1 }] } } })
await sandbox.idle()
const browser = await pw.launch({ executablePath: await chromium.executablePath(), args: chromium.args, headless: true })
const pages: [string, string, ((p: any) => Promise<void>)?][] = [
  ['checkout', s2.url!],
  ['checkout-tax', s3.url!],
  ['declined', s2.url!, async (p) => { await p.click('text=Declined'); await p.click('button[name=pay]'); await p.waitForSelector('#errors') }],
  ['empty-errors', s2.url!, async (p) => { await p.click('button[name=pay]'); await p.waitForSelector('#errors') }],
  ['bank', s2.url!, async (p) => { await p.click('text=Asks for authentication'); await p.click('button[name=pay]'); await p.waitForSelector('text=Your bank') }],
  ['done', `${sandbox.url}/c/pay/${s1.id}`],
  ['control', `${sandbox.url}/?customer=${customer.id}&object=${sub.id}`],
  ['control-event', `${sandbox.url}/?object=${sandbox.events('invoice.paid')[0]!.id}`],
  ['portal', portal.url], ['portal-card', portal.url + '/card'], ['portal-plans', portal.url + '/plans/' + sub.id], ['portal-cancel', portal.url + '/cancel/' + sub.id], ['portal-confirm', confirm.url],
  ['invoice', inv.hosted_invoice_url!],
]
const only = process.argv[2]
for (const [scheme, width, height] of [['light', 1280, 900], ['dark', 390, 844]] as const) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: 'reduce' })
  for (const [name, url, act] of pages) {
    if (only && !name.includes(only)) continue
    const page = await context.newPage()
    page.on('console', (m) => m.type() === 'error' && console.log(name, m.text()))
    await page.goto(url); if (act) await act(page)
    await page.screenshot({ path: `/tmp/team/shots/${name}-${width}.png`, fullPage: true })
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze()
    console.log(name, scheme, width, wide ? 'SCROLLS' : '', violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join(' | ')}`).join('\n   ') || 'ok')
    await page.close()
  }
}
const pdf = await (await fetch(inv.invoice_pdf!)).arrayBuffer()
console.log('pdf', pdf.byteLength, Buffer.from(pdf).subarray(0, 8).toString())
await browser.close(); await sandbox.close(); hook.close()
