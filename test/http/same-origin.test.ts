import { describe, expect, test } from 'vitest'
import { judgeOrigin } from '#app/http/same-origin.ts'

const APP_URL = 'https://scrip.example'

function judge(headers: Record<string, string>, more: Partial<Parameters<typeof judgeOrigin>[0]> = {}) {
  const facts = { method: 'POST', path: '/login', host: 'scrip.example', appUrl: APP_URL, isLocal: false, ...more }
  return judgeOrigin({ ...facts, headers: new Headers(headers) })
}

describe('a change is refused', () => {
  test.each([
    ['by the browser’s own word', { 'Sec-Fetch-Site': 'cross-site' }],
    ['from a sister domain', { 'Sec-Fetch-Site': 'same-site' }],
    ['whatever Origin says beside it', { 'Sec-Fetch-Site': 'cross-site', Origin: APP_URL }],
    ['from another origin', { Origin: 'https://evil.example' }],
    ['from our name on plain http', { Origin: 'http://scrip.example' }],
    ['from our name on another port', { Origin: 'https://scrip.example:8443' }],
    ['from a name that begins with ours', { Origin: 'https://scrip.example.evil.example' }],
    ['from an opaque origin', { Origin: 'null' }],
    ['from an Origin that is none', { Origin: 'scrip.example' }],
    ['from a page elsewhere, when there is only a Referer', { Referer: 'https://evil.example/?https://scrip.example' }],
    ['from a Referer that is none', { Referer: 'about' }],
    ['with another kind of Authorization', { Authorization: 'Basic x', Origin: 'https://evil.example' }],
  ])('%s', (_, headers) => {
    expect(judge(headers)).toBe('refused')
  })

  test('in production also when Host agrees with a foreign Origin', () => {
    expect(judge({ Origin: 'https://evil.example' }, { host: 'evil.example' })).toBe('refused')
  })
})

describe('a change is allowed', () => {
  test.each([
    ['from our own page', { 'Sec-Fetch-Site': 'same-origin' }],
    ['by the user’s own doing', { 'Sec-Fetch-Site': 'none' }],
    ['from our page, whose Origin a privacy setting hides', { 'Sec-Fetch-Site': 'same-origin', Origin: 'null' }],
    ['from our origin', { Origin: APP_URL }],
    ['with our Referer only', { Referer: `${APP_URL}/login` }],
    ['from a program', {}],
  ])('%s', (_, headers) => {
    expect(judge(headers)).toBe('allowed')
  })

  test('in local mode under each name by which a machine calls itself', () => {
    const local = { isLocal: true, appUrl: 'http://localhost:3000' }

    expect(judge({ Origin: 'http://127.0.0.1:3000' }, { ...local, host: '127.0.0.1:3000' })).toBe('allowed')
    expect(judge({ Origin: 'http://127.0.0.1:4000' }, { ...local, host: '127.0.0.1:3000' })).toBe('refused')
  })
})

test.each(['GET', 'HEAD', 'OPTIONS'])('%s from anywhere is allowed', (method) => {
  expect(judge({ 'Sec-Fetch-Site': 'cross-site' }, { method })).toBe('allowed')
})

test.each([
  ['an API key', { Authorization: 'Bearer sk_scrip_x', Origin: 'https://evil.example' }, '/api/credits/deduct'],
  ['Stripe’s signature', { 'Stripe-Signature': 't=1' }, '/api/webhook'],
])('%s is its own proof, and a cookie beside it does not count', (_, headers, path) => {
  expect(judge(headers, { path })).toBe('allowed_without_cookie')
})
