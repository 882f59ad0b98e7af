import { methodFor } from '../../billing/payments/payment-method.ts'
import { ENDED } from '../../billing/subscriptions/status.ts'
import type { PortalConfiguration, PortalSession, Price, Subscription } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import type { Reply } from '../../http/reply.ts'
import { html } from '../../html/html.ts'
import type { Html } from '../../html/html.ts'
import { errorSummary, page } from '../../html/layout.ts'

/** A customer's visit: the session, what its configuration allows, and where it returns. */
export interface Visit {
  world: World
  session: PortalSession
  configuration: PortalConfiguration
  base: string
}

/** A page of the portal, with a link back to the app. */
export function framed(visit: Visit, title: string, error: string | null, content: Html): Reply {
  const { return_url } = visit.session
  return page(
    {
      title,
      back: return_url ? { url: return_url, label: `Back to ${visit.world.accountName}` } : null,
      error: error !== null,
    },
    html`${errorSummary(error ? [{ message: error }] : [])}${content}`,
  )
}

export function nameOf(world: Visit['world'], price: Price): string {
  return world.tables.products.get(price.product)?.name ?? price.nickname ?? price.id
}

export function livingOf({ world, session }: Pick<Visit, 'world' | 'session'>): Subscription[] {
  return world.tables.subscriptions.filter(
    (row) => row.customer === session.customer && !ENDED.has(row.status) && row.status !== 'incomplete',
  )
}

export function cardOf({ world, session }: Visit, subscription?: Subscription): string | null {
  const method = methodFor(world, world.tables.customers.get(session.customer)!, subscription ?? null)
  return method?.card
    ? `${method.card.brand === 'visa' ? 'Visa' : method.card.brand} ending ${method.card.last4}, ${String(method.card.exp_month).padStart(2, '0')}/${String(method.card.exp_year).slice(-2)}`
    : null
}
