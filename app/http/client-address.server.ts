import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** Set by our HTTP server alone: what a client sends under this name is dropped at the door. */
export const CLIENT_ADDRESS_HEADER = 'X-Scrip-Client-Address'

/** The client's address as the HTTP server saw it; `unknown` where a route is called without the server. */
export function clientAddress(request: Request): string {
  return request.headers.get(CLIENT_ADDRESS_HEADER) ?? 'unknown'
}

/**
 * What to count one client under. Whoever has one IPv6 address has 2^64 of them, so those count by their /64.
 * @param address IPv4, IPv6, or IPv4 written as IPv6
 */
export function addressPrefix(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1]) return mapped[1]
  if (!address.includes(':')) return address
  const [head = '', tail = ''] = address.split('%')[0]?.split('::') ?? []
  const before = head === '' ? [] : head.split(':')
  const after = tail === '' ? [] : tail.split(':')
  const zeros = address.includes('::') ? Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0') : []
  const groups = [...before, ...zeros, ...after].slice(0, 4)
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '').toLowerCase()).join(':')}::/64`
}

/**
 * Tells a client's address from its connection. `X-Forwarded-For` counts from its right end, and only as far as there
 * are proxies of ours in front: everything further left is what the client wrote itself.
 * @param trustedProxies how many proxies stand in front of the app
 */
export function clientAddressOf(incoming: IncomingMessage, trustedProxies: number): string {
  const socket = incoming.socket.remoteAddress ?? 'unknown'
  if (trustedProxies === 0) return socket
  const forwarded = String(incoming.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => isIP(part) !== 0)
  return [...forwarded, socket].at(-1 - trustedProxies) ?? forwarded[0] ?? socket
}
