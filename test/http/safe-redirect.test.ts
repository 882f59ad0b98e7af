import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { safeRedirect } from '#app/http/safe-redirect.ts'

describe('safeRedirect keeps paths of this site', () => {
  test.each([
    ['/billing', '/billing'],
    ['/actions/qr-code?size=2&text=a%20b', '/actions/qr-code?size=2&text=a%20b'],
    ['/usage?from=2026-01-01#rows', '/usage?from=2026-01-01#rows'],
    ['/a/../billing', '/billing'],
    ['/login?redirectTo=%2Fbilling', '/login?redirectTo=%2Fbilling'],
  ])('%s → %s', (to, expected) => {
    expect(safeRedirect(to, '/home')).toBe(expected)
  })
})

describe('safeRedirect gives the fallback for whatever leads elsewhere', () => {
  test.each([
    ['//evil.example'],
    ['///evil.example'],
    ['////evil.example/%2f..'],
    ['/\\evil.example'],
    ['\\/evil.example'],
    ['\\\\evil.example'],
    ['/\\/evil.example'],
    ['/%5Cevil.example'],
    ['%2F%2Fevil.example/..'],
    ['/%2Fevil.example'],
    ['/%2F/evil.example'],
    ['/%09/evil.example'],
    ['/\t/evil.example'],
    ['/\n/evil.example'],
    ['/\r\n/evil.example'],
    ['/%0d%0aSet-Cookie:x=1'],
    ['\t//evil.example'],
    [' //evil.example'],
    ['/\u0000/evil.example'],
    ['/\u2028/evil.example'],
    ['/\u0085/evil.example'],
    ['http://evil.example'],
    ['https://evil.example'],
    ['HTTPS://evil.example'],
    ['http:evil.example'],
    ['http:/evil.example'],
    ['https:///evil.example'],
    ['//evil.example@localhost'],
    ['//localhost@evil.example'],
    ['//evil%2eexample'],
    ['//[::1]/'],
    ['/.//evil.example'],
    ['/..//evil.example'],
    ['/a/..//evil.example'],
    ['/./\\evil.example'],
    ['/%2e%2e//evil.example'],
    ['/%2e//evil.example'],
    ['javascript:alert(1)'],
    ['data:text/html,x'],
    ['evil.example'],
    ['@evil.example'],
    ['?next=//evil.example'],
    ['#x'],
    [''],
    ['/%E0%A4%A'],
    [`/${'a'.repeat(3_000)}`],
  ])('%j', (to) => {
    expect(safeRedirect(to, '/home')).toBe('/home')
  })

  test.each([[null], [undefined], [42], [{}], [['/billing']]])('%j, which is no text', (to) => {
    expect(safeRedirect(to, '/home')).toBe('/home')
  })
})

test('whatever goes in, a browser that follows what comes out stays on this site', () => {
  const origin = 'https://scrip.example'
  const hostile = fc.stringMatching(/^[/\\%.:@?#a-z0-9\t\n]{0,24}$/)
  fc.assert(
    fc.property(fc.oneof(fc.string(), hostile, fc.webPath(), fc.webUrl()), (to) => {
      const path = safeRedirect(to, '/home')

      expect(path.startsWith('/')).toBe(true)
      expect(new URL(path, origin).origin).toBe(origin)
      expect(safeRedirect(path, '/home')).toBe(path)
    }),
    { numRuns: 2_000 },
  )
})
