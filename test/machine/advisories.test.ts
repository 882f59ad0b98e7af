import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseConfig } from '#app/config.server.ts'

interface Locked {
  version: string
  dev?: boolean
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> }

/** Every copy of a package in the lock file, including those nested under tools. */
const copiesOf = (name: string) =>
  Object.entries(packages).filter(
    ([place]) => place === `node_modules/${name}` || place.endsWith(`/node_modules/${name}`),
  )

function isAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split('.').map(Number))
  for (const [index, part] of want!.entries()) {
    if (have![index] !== part) return (have![index] ?? 0) > part
  }
  return true
}

test.each([
  ['@remix-run/node', '2.17.2', 'CVE-2025-61686: a session file outside its folder'],
  ['@remix-run/node', '2.16.4', 'GHSA-pxg6-pf52-xh8x: through the cookie package'],
  ['@remix-run/react', '2.17.4', 'CVE-2026-21884: script through the keys of ScrollRestoration'],
  ['@remix-run/server-runtime', '2.17.5', 'CVE-2026-42342, CVE-2026-22030: manifest, and forms of other sites'],
  ['@remix-run/router', '1.23.3', 'CVE-2026-22029, CVE-2026-40181: script through a redirect, and to another site'],
  ['react-router', '6.30.4', 'CVE-2025-68470, CVE-2026-40181: a path that leads to another site'],
  ['react-router-dom', '6.30.4', 'CVE-2025-68470, CVE-2026-40181: a path that leads to another site'],
  ['nodemailer', '9.1.1', 'CVE-2025-14874 and those after it: crash, header injection, file read'],
  ['mongoose', '9.0.0', 'CVE-2024-53900, CVE-2025-23061: $where through populate'],
  ['vite', '6.4.6', 'CVE-2025-30208, CVE-2025-31125, CVE-2026-39363: files through the development server'],
  ['cookie', '0.7.0', 'GHSA-pxg6-pf52-xh8x: a cookie’s name that is another header'],
])('the dependency %s is at least %s (%s)', (name, least) => {
  const used = copiesOf(name).filter(([place]) => !place.includes('@vanilla-extract'))

  expect(used.length).toBeGreaterThan(0)
  expect(used.filter(([, { version }]) => !isAtLeast(version, least))).toEqual([])
})

test('the only old copy of Vite belongs to a build tool, and nothing starts it', () => {
  const old = copiesOf('vite').filter(([, { version }]) => !isAtLeast(version, '6.4.6'))

  expect(old.map(([place]) => place)).toEqual(['node_modules/@vanilla-extract/integration/node_modules/vite'])
  expect(old.every(([, { dev }]) => dev)).toBe(true)
})

/** No fixed version exists for Remix 2; the record says why none concerns Scrip, and names the version it is about. */
test('every advisory without a fix is recorded with its version', () => {
  const record = readFileSync('docs/failures/machine.md', 'utf8')
  const accepted = {
    'turbo-stream': ['2.4.1', 'CVE-2026-34077'],
    sift: ['17.1.4', 'CVE-2026-85625'],
    'react-router': ['6.30.4', 'GHSA-wrjc-x8rr-h8h6'],
  }
  for (const [name, [version, number]] of Object.entries(accepted)) {
    expect(
      copiesOf(name).map(([, locked]) => locked.version),
      name,
    ).toEqual([version])
    expect(record).toContain(number)
  }
})

/** The advisories on React Router 7 concern features that Remix 2 does not have; this test keeps it that way. */
test('the app uses no React Router 7, no server components and no lazy route discovery', () => {
  const config = readFileSync('vite.config.ts', 'utf8')

  expect(copiesOf('react-router').filter(([, { version }]) => !version.startsWith('6.'))).toEqual([])
  expect(copiesOf('react-server-dom-webpack')).toEqual([])
  expect(config).toContain('v3_lazyRouteDiscovery: false')
})

/** CVE-2026-39363 and similar ones let a client that reaches the development server's sockets read files. */
test('development servers listen on this machine only', () => {
  const source = (file: string) => readFileSync(file, 'utf8')

  expect(source('vite.config.ts')).toContain("server: { host: '127.0.0.1' }")
  expect(source('scripts/local/dev-server.mjs')).toMatch(/hmr: \{ host: '127\.0\.0\.1'/)
  expect(source('sandbox/stripe/server.ts')).toMatch(/\.listen\([^)]*'127\.0\.0\.1'/)
  expect(parseConfig({}).host).toBe('127.0.0.1')
})
