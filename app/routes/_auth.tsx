import type { LoaderFunctionArgs } from '@remix-run/node'
import { Link, Outlet, useLoaderData } from '@remix-run/react'
import { brand } from '#app/brand.mjs'
import { SiteFooter } from '#app/components/site-footer.tsx'
import { TestModeStrip } from '#app/components/test-mode-strip.tsx'
import { config } from '#app/config.server.ts'

export function loader(_: LoaderFunctionArgs) {
  return { sandboxUrl: config().sandboxUrl }
}

/** One narrow column: these pages have one task. */
export default function SignedOutLayout() {
  const { sandboxUrl } = useLoaderData<typeof loader>()
  return (
    <>
      <TestModeStrip sandboxUrl={sandboxUrl} />
      <header className="mx-auto w-full max-w-column px-(--size-gutter) pt-12">
        <Link to="/" className="wordmark">
          {brand.name}
        </Link>
      </header>
      <Outlet />
      <SiteFooter />
    </>
  )
}
