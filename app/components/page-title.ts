import { brand } from '../brand.mjs'

/** The document's title, for a route's `meta`: "Billing · Scrip". */
export function pageTitle(title: string): [{ title: string }] {
  return [{ title: `${title} · ${brand.name}` }]
}
