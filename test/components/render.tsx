import type { ReactElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { createStaticRouter, StaticRouterProvider } from 'react-router-dom/server.js'

/** What the server sends for an element that stands on a page. */
export function render(element: ReactElement, path = '/'): string {
  const location = { pathname: path, search: '', hash: '', state: null, key: 'default' }
  const context = {
    basename: '/',
    location,
    matches: [],
    loaderData: {},
    actionData: null,
    errors: null,
    loaderHeaders: {},
    actionHeaders: {},
    activeDeferreds: null,
    statusCode: 200,
  }
  const router = createStaticRouter([{ path: '*', element }], context)
  return renderToStaticMarkup(<StaticRouterProvider router={router} context={context} hydrate={false} />)
}

/** The same as text: tags gone, entities read, white space folded. */
export function renderText(element: ReactElement): string {
  return render(element)
    .replace(/<[^>]+>/g, '')
    .replace(/&amp;/g, '&')
    .replace(/&#x27;/g, "'")
    .replace(/\s+/g, ' ')
    .trim()
}
