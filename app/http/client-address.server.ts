import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** Set only by our HTTP server; a header of this name from a client is dropped. */
export const CLIENT_ADDRESS_HEADER = 'X-Scrip-Client-Address'

/** The client's address as the HTTP server saw it; `unknown` where a route is called without the server. */
export function clientAddress(request: Request): string {
  return request.headers.get(CLIENT_ADDRESS_HEADER) ?? 'unknown'
}

/** The client's network, for limits and the list of sessions. */
export const clientNetwork = (request: Request): string => addressPrefix(clientAddress(request))

/**
 * The prefix to rate-limit a client by. An IPv6 client has 2^64 addresses, so those are counted by their /64.
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
  const groups = [...before, ...zeros, ...after].map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
  if (/^0:0:0:0:0:ffff:/.test(groups.join(':'))) return dotted(groups.slice(6))
  return `${groups.slice(0, 4).join(':')}::/64`
}

function dotted(groups: string[]): string {
  return groups.flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]).join('.')
}

/**
 * The network around a prefix of {@link addressPrefix}: a provider's customer often has a /48, with 65,536 of those.
 * @returns null for IPv4, where an address is what a customer has
 */
export function widerPrefix(prefix: string): string | null {
  const groups = /^([^:]+:[^:]+:[^:]+):[^:]+::\/64$/.exec(prefix)?.[1]
  return groups === undefined ? null : `${groups}::/48`
}

/**
 * Tells a client's address from its connection. `X-Forwarded-For` counts from its right end, and only as far as there
 * are proxies of ours in front: everything further left is what the client wrote itself. What is counted is every entry
 * as it came: leaving out one that does not read as an address would move the count to one that the client wrote.
 * @param trustedProxies how many proxies stand in front of the app
 */
export function clientAddressOf(incoming: IncomingMessage, trustedProxies: number): string {
  const socket = incoming.socket.remoteAddress ?? 'unknown'
  if (trustedProxies === 0) return socket
  const entries = forwardedEntries(incoming)
  return addressIn(entries.at(-trustedProxies) ?? entries[0]) ?? socket
}

/** The entries of `X-Forwarded-For` as they came, the nearest proxy's last. */
export function forwardedEntries({ headers }: IncomingMessage): string[] {
  const header = String(headers['x-forwarded-for'] ?? '')
  return header.trim() === '' ? [] : header.split(',').map((entry) => entry.trim())
}

/** The address of an entry, which some proxies write with a port, and IPv6 in brackets; null when it has none. */
function addressIn(entry = ''): string | null {
  const bare = entry.replace(/^"(.*)"$/, '$1')
  const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(bare) ?? []
  const address = bracketed ?? plain ?? bare
  return isIP(address) === 0 ? null : address
}
