import { testCards } from '../billing/test-cards.ts'
import { money, rate } from '../billing/lines.ts'
import { currentPeriod } from '../billing/subscription-status.ts'
import type { Invoice, Price, Subscription } from '../core/shapes.ts'
import type { Reply } from '../http/listener.ts'
import type { ItemChange } from '../billing/update.ts'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { invoiceBadge } from './invoice.ts'
import { errorSummary, field, page, time } from './layout.ts'
import { cardOf, livingOf } from './portal.ts'
import type { Visit } from './portal.ts'

/** A page of the portal, with the way back to the shop. */
export function framed(visit: Visit, title: string, error: string | null, content: Html): Reply {
  const { return_url } = visit.session
  return page(
    { title, back: return_url ? { url: return_url, label: 'Back to Scrip' } : null, error: error !== null },
    html`${errorSummary(error ? [{ message: error }] : [])}${content}`,
  )
}

export function nameOf(world: Visit['world'], price: Price): string {
  return world.tables.products.get(price.product)?.name ?? price.nickname ?? price.id
}
