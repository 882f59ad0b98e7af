import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { config } from '../config.server.ts'
import { isLoopback } from '../environment-problems.server.ts'
import { addressPrefix } from './client-address.server.ts'

/**
 * Decides who may read the metrics: callers with `METRICS_TOKEN`, or without that setting, programs on the machine of a
 * local installation.
 * @returns `refused` for a wrong or missing token, `hidden` if no one may read them
 */
export function mayReadMetrics({ headers, socket }: IncomingMessage): 'allowed' | 'refused' | 'hidden' {
  const { metricsToken, isLocal } = config()
  if (metricsToken !== null) {
    const [, sent = ''] = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '') ?? []
    return timingSafeEqual(digest(sent), digest(metricsToken)) ? 'allowed' : 'refused'
  }
  const { remoteAddress = '' } = socket
  const isOwnMachine = remoteAddress === '::1' || isLoopback(addressPrefix(remoteAddress))
  return isLocal && isOwnMachine && headers['x-forwarded-for'] === undefined ? 'allowed' : 'hidden'
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
