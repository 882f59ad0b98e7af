import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { config } from '../config.server.ts'
import { isLoopback } from '../environment-problems.server.ts'
import { addressPrefix } from './client-address.server.ts'

/**
 * Decides who may read the metrics: callers with `METRICS_TOKEN`. Where none is set, only a program on the machine of a
 * local installation, not through a proxy.
 * @param incoming the request as it came
 * @returns `refused` for a wrong token or none, `hidden` where nobody may read them
 */
export function mayReadMetrics({ headers, socket }: IncomingMessage): 'allowed' | 'refused' | 'hidden' {
  const { metricsToken, isLocal } = config()
  if (metricsToken !== null) {
    const [, sent = ''] = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '') ?? []
    return timingSafeEqual(digest(sent), digest(metricsToken)) ? 'allowed' : 'refused'
  }
  const isOwnMachine = isLoopbackAddress(socket.remoteAddress ?? '') && headers['x-forwarded-for'] === undefined
  return isLocal && isOwnMachine ? 'allowed' : 'hidden'
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || isLoopback(addressPrefix(address))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
