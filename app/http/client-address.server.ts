import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** Set only by our HTTP server; a header of this name from a client is dropped. */
export const CLIENT_ADDRESS_HEADER = 'X-Scrip-Client-Address'

/** The client's address as the HTTP server saw it; `unknown` if a route is called without the server. */
export function clientAddress(request: Request): string {
  return request.headers.get(CLIENT_ADDRESS_HEADER) ?? 'unknown'
}

/** The client's network, for limits and the list of sessions. */
export const clientNetwork = (request: Request): string => addressPrefix(clientAddress(request))

/**
 * The prefix by which a client's tries are counted: an IPv6 client has 2^64 addresses, so those count by their /64.
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
 * The network around a prefix of {@link addressPrefix}: customers of a provider often have a /48, with 65,536 of those.
 * @returns null for IPv4, where customers have one address
 */
export function widerPrefix(prefix: string): string | null {
  const groups = /^([^:]+:[^:]+:[^:]+):[^:]+::\/64$/.exec(prefix)?.[1]
  return groups === undefined ? null : `${groups}::/48`
}

/**
 * Finds a client's address. `X-Forwarded-For` is read from its right end, and only as far as there are proxies of ours:
 * everything further left is written by the client. Every entry counts, even one that is not an address: skipping it would
 * reach an entry that the client wrote.
 * @param trustedProxies how many proxies are in front of the app
 */
export function clientAddressOf(incoming: IncomingMessage, trustedProxies: number): string {
  const socket = incoming.socket.remoteAddress ?? 'unknown'
  if (trustedProxies === 0) return socket
  const entries = forwardedEntries(incoming)
  return addressIn(entries.at(-trustedProxies) ?? entries[0]) ?? socket
}

/** The entries of `X-Forwarded-For`, the nearest proxy's last. */
export function forwardedEntries({ headers }: IncomingMessage): string[] {
  const header = String(headers['x-forwarded-for'] ?? '')
  return header.trim() === '' ? [] : header.split(',').map((entry) => entry.trim())
}

/** The address in an entry, which may have a port and, for IPv6, brackets; null if there is none. */
function addressIn(entry = ''): string | null {
  const bare = entry.replace(/^"(.*)"$/, '$1')
  const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(bare) ?? []
  const address = bracketed ?? plain ?? bare
  return isIP(address) === 0 ? null : address
}
