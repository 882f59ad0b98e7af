import { describe, expect, test } from 'vitest'
import { contentSecurityPolicy, securityHeaders } from '#app/http/security-headers.ts'

const facts = { nonce: 'abc', appUrl: 'https://scrip.example', sandboxUrl: null, isDevServer: false }

describe('contentSecurityPolicy', () => {
  test('only our own scripts run, and no site may frame us', () => {
    const policy = contentSecurityPolicy(facts).split('; ')

    expect(policy).toContain("script-src 'self' 'nonce-abc'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("base-uri 'none'")
    expect(policy.join()).not.toContain('unsafe')
  })

  test('forms may submit to Stripe, because Chrome checks redirects too', () => {
    expect(contentSecurityPolicy(facts)).toContain(
      "form-action 'self' https://checkout.stripe.com https://billing.stripe.com;",
    )
  })

  test('forms may submit to the sandbox under both its names', () => {
    const policy = contentSecurityPolicy({ ...facts, sandboxUrl: 'http://127.0.0.1:4242' })

    expect(policy).toContain('http://127.0.0.1:4242 http://localhost:4242')
  })

  test('https is enforced only where there is https', () => {
    expect(contentSecurityPolicy(facts)).toContain('upgrade-insecure-requests')
    expect(contentSecurityPolicy({ ...facts, appUrl: 'http://localhost:3000' })).not.toContain('upgrade')
  })
})

describe('securityHeaders', () => {
  test('the origin of a form post is never hidden from us (H45)', () => {
    expect(securityHeaders('https://scrip.example')['Referrer-Policy']).toBe('strict-origin-when-cross-origin')
  })

  test('HSTS is sent only on https', () => {
    expect(securityHeaders('https://scrip.example')).toHaveProperty('Strict-Transport-Security')
    expect(securityHeaders('http://localhost:3000')).not.toHaveProperty('Strict-Transport-Security')
  })
})
