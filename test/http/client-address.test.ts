import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { addressPrefix, clientAddressOf, widerPrefix } from '#app/http/client-address.server.ts'
import { proxyProblem } from '#app/http/proxy-warning.server.ts'

function incoming(socket: string, forwarded?: string): IncomingMessage {
  return { socket: { remoteAddress: socket }, headers: { 'x-forwarded-for': forwarded } } as unknown as IncomingMessage
}

describe('clientAddressOf', () => {
  test('only the connection’s address counts when there is no proxy (5.8)', () => {
    expect(clientAddressOf(incoming('198.51.100.7', '203.0.113.9'), 0)).toBe('198.51.100.7')
  })

  test('addresses are counted from the right, because what a client wrote stands further left (5.8)', () => {
    expect(clientAddressOf(incoming('10.0.0.1', '1.1.1.1, 203.0.113.9'), 1)).toBe('203.0.113.9')
    expect(clientAddressOf(incoming('10.0.0.1', '1.1.1.1, 203.0.113.9, 10.0.0.2'), 2)).toBe('203.0.113.9')
  })

  test.each([
    ['203.0.113.9:49152', '203.0.113.9'],
    ['[2001:db8::9]:49152', '2001:db8::9'],
    ['[2001:db8::9]', '2001:db8::9'],
    ['"[2001:db8::9]:49152"', '2001:db8::9'],
    ['2001:db8::9', '2001:db8::9'],
    ['::ffff:203.0.113.9', '::ffff:203.0.113.9'],
  ])('a proxy’s entry %s is read with or without its port', (entry, address) => {
    expect(clientAddressOf(incoming('10.0.0.1', entry), 1)).toBe(address)
    expect(clientAddressOf(incoming('10.0.0.1', `1.1.1.1, 2.2.2.2:80, ${entry}`), 1)).toBe(address)
    expect(clientAddressOf(incoming('10.0.0.1', `1.1.1.1, ${entry}, 10.0.0.2:81`), 2)).toBe(address)
  })

  test('entries are counted before they are read, so an invalid one never yields to what the client wrote', () => {
    for (const entry of ['unknown', '_hidden', '203.0.113.9:port', '999.1.1.1', '', '[2001:db8::9']) {
      expect(clientAddressOf(incoming('10.0.0.1', `1.1.1.1, ${entry}`), 1), entry).toBe('10.0.0.1')
    }
  })

  test('the connection’s address is used when the header has none', () => {
    expect(clientAddressOf(incoming('10.0.0.1', 'unknown, <script>'), 1)).toBe('10.0.0.1')
    expect(clientAddressOf(incoming('10.0.0.1'), 1)).toBe('10.0.0.1')
  })
})

describe('addressPrefix', () => {
  test.each([
    ['198.51.100.7', '198.51.100.7'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::ffff:c633:6407', '198.51.100.7'],
    ['0:0:0:0:0:FFFF:C633:6407', '198.51.100.7'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('the address %s counts as %s', (address, prefix) => {
    expect(addressPrefix(address)).toBe(prefix)
  })
})

test('the network around an IPv6 prefix is its /48, and an IPv4 address has none', () => {
  expect(widerPrefix(addressPrefix('2001:db8:1:2::1'))).toBe('2001:db8:1::/48')
  expect(widerPrefix(addressPrefix('2001:db8:1:ffff::1'))).toBe('2001:db8:1::/48')
  expect(widerPrefix(addressPrefix('198.51.100.7'))).toBeNull()
  expect(widerPrefix('unknown')).toBeNull()
})

describe('a wrong TRUST_PROXY is detected', () => {
  test('X-Forwarded-For while TRUST_PROXY is 0 is detected', () => {
    expect(proxyProblem(incoming('10.0.0.1', '203.0.113.9'), 0)).toContain('TRUST_PROXY is 0')
    expect(proxyProblem(incoming('10.0.0.1'), 0)).toBeNull()
  })

  test('a request through fewer proxies than TRUST_PROXY is detected', () => {
    expect(proxyProblem(incoming('10.0.0.1', '203.0.113.9'), 2)).toContain('1 of 2 proxies')
    expect(proxyProblem(incoming('10.0.0.1', '203.0.113.9'), 1)).toBeNull()
    expect(proxyProblem(incoming('10.0.0.1', '1.1.1.1, 203.0.113.9'), 1)).toBeNull()
  })
})
