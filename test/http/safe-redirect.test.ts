import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { safeRedirect } from '#app/http/safe-redirect.ts'
import { REDIRECT_VECTORS } from './redirect-vectors.ts'

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

describe('safeRedirect gives the fallback for whatever leads elsewhere (5.7)', () => {
  test.each(REDIRECT_VECTORS)('%j', (to) => {
    expect(safeRedirect(to, '/home')).toBe('/home')
  })

  test.each([[null], [undefined], [42], [{}], [['/billing']]])('%j, which is no text', (to) => {
    expect(safeRedirect(to, '/home')).toBe('/home')
  })
})

test('whatever goes in, a browser that follows what comes out stays on this site (5.7)', () => {
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
