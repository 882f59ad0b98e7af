import { describe, expect, test } from 'vitest'
import { judgeOrigin } from '#app/http/same-origin.ts'

const APP_URL = 'https://scrip.example'

function judge(headers: Record<string, string>, more: Partial<Parameters<typeof judgeOrigin>[0]> = {}) {
  const facts = { method: 'POST', path: '/login', host: 'scrip.example', appUrl: APP_URL, isLocal: false, ...more }
  return judgeOrigin({ ...facts, headers: new Headers(headers) })
}

describe('a change from elsewhere', () => {
  test.each([
    ['that the browser marks as cross-site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['from a sibling domain', { 'Sec-Fetch-Site': 'same-site' }],
    ['marked as cross-site, whatever its Origin', { 'Sec-Fetch-Site': 'cross-site', Origin: APP_URL }],
    ['from another origin', { Origin: 'https://evil.example' }],
    ['from our host on plain http', { Origin: 'http://scrip.example' }],
    ['from our host on another port', { Origin: 'https://scrip.example:8443' }],
    ['from a host that begins with ours', { Origin: 'https://scrip.example.evil.example' }],
    ['from an opaque origin', { Origin: 'null' }],
    ['from an invalid Origin', { Origin: 'scrip.example' }],
    ['from another site by its Referer alone', { Referer: 'https://evil.example/?https://scrip.example' }],
    ['with an invalid Referer', { Referer: 'about' }],
    ['with another kind of Authorization', { Authorization: 'Basic x', Origin: 'https://evil.example' }],
  ])('a change %s is refused', (_, headers) => {
    expect(judge(headers)).toBe('refused')
  })

  test('a foreign Origin is refused in production, even if Host agrees with it', () => {
    expect(judge({ Origin: 'https://evil.example' }, { host: 'evil.example' })).toBe('refused')
  })
})

describe('a change from our own site', () => {
  test.each([
    ['from our own page', { 'Sec-Fetch-Site': 'same-origin' }],
    ['that the user starts in the address bar', { 'Sec-Fetch-Site': 'none' }],
    ['from our page, whose Origin a privacy setting hides', { 'Sec-Fetch-Site': 'same-origin', Origin: 'null' }],
    ['from our origin', { Origin: APP_URL }],
    ['with our Referer alone', { Referer: `${APP_URL}/login` }],
    ['from a program', {}],
  ])('a change %s is allowed', (_, headers) => {
    expect(judge(headers)).toBe('allowed')
  })

  test('local mode allows each name by which a machine calls itself', () => {
    const local = { isLocal: true, appUrl: 'http://localhost:3000' }

    expect(judge({ Origin: 'http://127.0.0.1:3000' }, { ...local, host: '127.0.0.1:3000' })).toBe('allowed')
    expect(judge({ Origin: 'http://127.0.0.1:4000' }, { ...local, host: '127.0.0.1:3000' })).toBe('refused')
  })
})

test.each(['GET', 'HEAD', 'OPTIONS'])('a %s from any site is allowed', (method) => {
  expect(judge({ 'Sec-Fetch-Site': 'cross-site' }, { method })).toBe('allowed')
})

test.each([
  ['an API key', { Authorization: 'Bearer sk_scrip_x', Origin: 'https://evil.example' }, '/api/credits/deduct'],
  ['Stripe’s signature', { 'Stripe-Signature': 't=1' }, '/api/webhook'],
])('%s is sufficient proof, and a cookie beside it does not count', (_, headers, path) => {
  expect(judge(headers, { path })).toBe('allowed_without_cookie')
})
