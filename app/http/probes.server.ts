import { Hono } from 'hono'
import { registry } from './metrics.server.ts'
import { checkReadiness } from './readiness.server.ts'

const NO_STORE = { 'Cache-Control': 'no-store' }

/**
 * What machines ask. They are answered before Remix, so that they tell of this process and not of a page.
 * `/healthz` never asks the database: a process is not ill because the database is away.
 */
export function probes(): Hono {
  const app = new Hono()
  app.get('/healthz', (c) => c.json({ status: 'ok' }, 200, NO_STORE))
  app.get('/readyz', async (c) => {
    const { ready, phase, database } = await checkReadiness()
    return c.json({ status: ready ? 'ready' : 'not_ready', phase, database }, ready ? 200 : 503, NO_STORE)
  })
  app.get('/metrics', async (c) =>
    c.body(await registry.metrics(), 200, { ...NO_STORE, 'Content-Type': registry.contentType }),
  )
  return app
}
