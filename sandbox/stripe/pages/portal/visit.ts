import type { Price } from '../../core/shapes.ts'
import type { Reply } from '../../listener.ts'
import { html } from '../../html/html.ts'
import type { Html } from '../../html/html.ts'
import { errorSummary, page } from '../../html/layout.ts'
import type { Visit } from './portal-page.ts'

/** A page of the portal, with the way back to the shop. */
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
