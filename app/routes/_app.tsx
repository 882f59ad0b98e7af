import type { LoaderFunctionArgs } from '@remix-run/node'
import { Outlet, useLoaderData, useRouteError, useRouteLoaderData } from '@remix-run/react'
import { requireUser } from '#app/auth/require-user.server.ts'
import { AppFrame } from '#app/components/app-frame.tsx'
import { ErrorPage } from '#app/components/error-page.tsx'
import { PublicFrame } from '#app/components/public-frame.tsx'
import { frameOf } from '#app/auth/signed-in-frame.server.ts'

export async function loader({ request }: LoaderFunctionArgs) {
  return frameOf(await requireUser(request))
}

export default function SignedInLayout() {
  return (
    <AppFrame {...useLoaderData<typeof loader>()}>
      <Outlet />
    </AppFrame>
  )
}

/** A page that fails keeps the bar, so that the user can go elsewhere. */
export function ErrorBoundary() {
  useRouteError()
  const frame = useRouteLoaderData<typeof loader>('routes/_app')
  if (!frame) {
    return (
      <PublicFrame>
        <ErrorPage />
      </PublicFrame>
    )
  }
  return (
    <AppFrame {...frame}>
      <ErrorPage />
    </AppFrame>
  )
}
