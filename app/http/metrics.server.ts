import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** Every metric of this process; other modules add theirs with `registers: [registry]`. */
export const registry = new Registry()

collectDefaultMetrics({ register: registry })

const labelNames = ['method', 'route', 'status'] as const

const requests = new Counter({
  name: 'http_requests_total',
  help: 'Requests answered, by method, route and status.',
  labelNames,
  registers: [registry],
})

const duration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time from a request to its answer, by method, route and status.',
  labelNames,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers: [registry],
})

/** Requests that are being answered right now. */
export const requestsInFlight = new Gauge({
  name: 'http_requests_in_flight',
  help: 'Requests that are being answered.',
  registers: [registry],
})

/**
 * Counts an answered request.
 * @param route the route's pattern, never the path: each label value is a time series forever
 */
export function countRequest(method: string, route: string, status: number, seconds: number): void {
  const labels = { method, route, status: String(status) }
  requests.inc(labels)
  duration.observe(labels, seconds)
}
