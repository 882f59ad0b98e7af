import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { safeRedirect } from '#app/http/safe-redirect.ts'
import { REDIRECT_VECTORS } from './redirect-vectors.ts'

describe('safeRedirect on paths of this site', () => {
  test.each([
    ['/billing', '/billing'],
    ['/actions/qr-code?size=2&text=a%20b', '/actions/qr-code?size=2&text=a%20b'],
    ['/usage?from=2026-01-01#rows', '/usage?from=2026-01-01#rows'],
    ['/a/../billing', '/billing'],
    ['/login?redirectTo=%2Fbilling', '/login?redirectTo=%2Fbilling'],
  ])('the path %s is kept as %s', (to, expected) => {
    expect(safeRedirect(to, '/home')).toBe(expected)
  })
})

describe('safeRedirect on other addresses (5.7)', () => {
  test.each(REDIRECT_VECTORS)('%j leads to the fallback', (to) => {
    expect(safeRedirect(to, '/home')).toBe('/home')
  })

  test.each([[null], [undefined], [42], [{}], [['/billing']]])('%j is not a string and leads to the fallback', (to) => {
    expect(safeRedirect(to, '/home')).toBe('/home')
  })
})

test('a browser that follows the result of any input stays on this site (5.7)', () => {
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
