import besley from '@fontsource-variable/besley/files/besley-latin-wght-normal.woff2?url'
import publicSans from '@fontsource-variable/public-sans/files/public-sans-latin-wght-normal.woff2?url'
import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import {
  Links,
  Meta,
  Outlet,
  Scripts,
  ScrollRestoration,
  useLocation,
  useRouteError,
  useRouteLoaderData,
} from '@remix-run/react'
import { type ReactNode, useEffect, useRef } from 'react'
import { useNonce } from '#app/http/nonce.ts'
import { brand } from './brand.mjs'
import { ErrorPage, wordsOfError } from './components/error-page.tsx'
import { LoadingBar } from './components/loading-bar.tsx'
import { pageTitle } from './components/page-title.ts'
import { PublicFrame } from './components/public-frame.tsx'
import { StatusRegion } from './components/status-region.tsx'
import styles from './styles/app.css?url'
import { readTheme } from './http/theme-cookie.server.ts'

const font = (href: string) =>
  ({ rel: 'preload', as: 'font', type: 'font/woff2', href, crossOrigin: 'anonymous' }) as const

const light = Object.fromEntries(Object.entries(brand.colors).map(([name, [color]]) => [name, color]))
const icon = `data:image/svg+xml,${encodeURIComponent(brand.logo(light))}`

export const links: LinksFunction = () => [
  font(publicSans),
  font(besley),
  { rel: 'stylesheet', href: styles },
  { rel: 'icon', href: icon, type: 'image/svg+xml' },
]

export const meta: MetaFunction = ({ error }) => pageTitle(error ? wordsOfError(error).title : 'Pay for credits')

export async function loader({ request, context }: LoaderFunctionArgs) {
  return { theme: await readTheme(request), requestId: context.requestId ?? null }
}

export function Layout({ children }: { children: ReactNode }) {
  const nonce = useNonce()
  // Missing if the root's own loader failed: the error page must still render.
  const data = useRouteLoaderData<typeof loader>('root')
  const theme = data?.theme ?? 'system'
  return (
    <html lang="en" data-theme={theme === 'system' ? undefined : theme}>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content={theme === 'system' ? 'light dark' : theme} />
        <Meta />
        <Links />
      </head>
      <body>
        <a href="#main" className="button skip-link" data-kind="ink">
          Skip to content
        </a>
        {children}
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  )
}

export default function App() {
  useFocusOnNewPage()
  return (
    <StatusRegion>
      <LoadingBar />
      <Outlet />
    </StatusRegion>
  )
}

export function ErrorBoundary() {
  const error = useRouteError()
  useEffect(() => {
    document.title = pageTitle(wordsOfError(error).title)[0].title
  }, [error])
  return (
    <PublicFrame>
      <ErrorPage />
    </PublicFrame>
  )
}

/** When the page changes without a reload, the focus moves to its start, as in the browser itself. */
function useFocusOnNewPage() {
  const { pathname } = useLocation()
  const last = useRef(pathname)
  useEffect(() => {
    if (last.current === pathname) return
    last.current = pathname
    const main = document.getElementById('main')
    if (main && !main.contains(document.activeElement)) main.focus({ preventScroll: true })
  }, [pathname])
}
