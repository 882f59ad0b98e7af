import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { mayReadMetrics } from './metrics-access.server.ts'
import { registry } from './metrics.server.ts'
import { checkReadiness } from './readiness.server.ts'

const NO_STORE = { 'Cache-Control': 'no-store' }

/**
 * Endpoints for machines, answered before Remix, so that they describe this process. `/healthz` does not ask the database: a
 * process is healthy without it. `/metrics` reveals much about the business, so without permission it is a 404.
 */
export function probes() {
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.get('/healthz', (c) => c.json({ status: 'ok' }, 200, NO_STORE))
  app.get('/readyz', async (c) => {
    const { ready, phase, database } = await checkReadiness()
    return c.json({ status: ready ? 'ready' : 'not_ready', phase, database }, ready ? 200 : 503, NO_STORE)
  })
  app.get('/metrics', async (c, next) => {
    const access = mayReadMetrics(c.env.incoming)
    if (access === 'hidden') return next()
    if (access === 'refused') return c.text('Unauthorized', 401, { ...NO_STORE, 'WWW-Authenticate': 'Bearer' })
    return c.body(await registry.metrics(), 200, { ...NO_STORE, 'Content-Type': registry.contentType })
  })
  return app
}
