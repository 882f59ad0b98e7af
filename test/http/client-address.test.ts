import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { addressPrefix, clientAddressOf } from '#app/http/client-address.server.ts'

function incoming(socket: string, forwarded?: string): IncomingMessage {
  return { socket: { remoteAddress: socket }, headers: { 'x-forwarded-for': forwarded } } as unknown as IncomingMessage
}

describe('clientAddressOf', () => {
  test('believes the connection alone when no proxy is ours (5.8)', () => {
    expect(clientAddressOf(incoming('198.51.100.7', '203.0.113.9'), 0)).toBe('198.51.100.7')
  })

  test('counts from the right: what a client wrote itself stands further left (5.8)', () => {
    expect(clientAddressOf(incoming('10.0.0.1', '1.1.1.1, 203.0.113.9'), 1)).toBe('203.0.113.9')
    expect(clientAddressOf(incoming('10.0.0.1', '1.1.1.1, 203.0.113.9, 10.0.0.2'), 2)).toBe('203.0.113.9')
  })

  test('takes the connection when the header carries no address', () => {
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
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['unknown', 'unknown'],
  ])('%s counts as %s', (address, prefix) => {
    expect(addressPrefix(address)).toBe(prefix)
  })
})
