import type { IncomingMessage } from 'node:http'
import { logger } from '../log.server.ts'
import { forwardedEntries } from './client-address.server.ts'

/**
 * Tells from a request whether `TRUST_PROXY` does not match the proxies in front of the app.
 * @returns the problem, as a sentence for the operator, or null
 */
export function proxyProblem(incoming: IncomingMessage, trustedProxies: number): string | null {
  const { length } = forwardedEntries(incoming)
  if (length === 0) return null
  if (trustedProxies === 0) {
    return 'A request came with X-Forwarded-For while TRUST_PROXY is 0: behind a proxy all clients count as one address. Set TRUST_PROXY to the number of your proxies.'
  }
  if (length >= trustedProxies) return null
  return `A request came through ${length} of ${trustedProxies} proxies: with a TRUST_PROXY that is too high a client can choose its address. Set TRUST_PROXY to the number of your proxies.`
}

/** Makes a function that takes every request and logs the first problem with `TRUST_PROXY`, once. */
export function watchProxies(trustedProxies: number): (incoming: IncomingMessage) => void {
  let hasWarned = false
  return (incoming) => {
    const problem = hasWarned ? null : proxyProblem(incoming, trustedProxies)
    if (problem === null) return
    hasWarned = true
    logger.warn(problem)
  }
}
