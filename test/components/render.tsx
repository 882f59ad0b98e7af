import type { ReactElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { createStaticRouter, StaticRouterProvider } from 'react-router-dom/server.js'

/** The HTML that the server sends for an element on a page. */
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

/** The same as text: without tags, with entities decoded and white space collapsed. */
export function renderText(element: ReactElement): string {
  return render(element)
    .replace(/<[^>]+>/g, '')
    .replace(/&amp;/g, '&')
    .replace(/&#x27;/g, "'")
    .replace(/\s+/g, ' ')
    .trim()
}
