import { isRouteErrorResponse, useLocation, useRouteError, useRouteLoaderData } from '@remix-run/react'
import { brand } from '../brand.mjs'
import { ButtonLink } from './button.tsx'
import { Page } from './page.tsx'

interface Words {
  title: string
  text: string
}

const NO_SUCH_REQUEST: Words = {
  title: 'This page does not accept that request.',
  text: 'Go back and use the form on the page.',
}

const WORDS: Record<number, Words> = {
  400: NO_SUCH_REQUEST,
  403: {
    title: 'You do not have access to this page.',
    text: 'It belongs to another account or needs permissions that yours does not have.',
  },
  404: { title: 'This page does not exist.', text: 'The address may be mistyped, or the page was removed.' },
  405: NO_SUCH_REQUEST,
  429: { title: 'Too many attempts.', text: 'Wait a few minutes, then try again. Nothing was charged or spent.' },
  503: {
    title: `${brand.name} is temporarily unavailable.`,
    text: 'Your credits are safe. Try again in a minute; nothing is charged twice.',
  },
}

const FAILED: Words = {
  title: 'Something went wrong on our side.',
  text: 'Nothing was charged or spent by this page.',
}

export function wordsOfError(error: unknown): Words {
  return (isRouteErrorResponse(error) ? WORDS[error.status] : undefined) ?? FAILED
}

/** Replaces a page that cannot be shown: what happened, what it means, and the next step. */
export function ErrorPage() {
  const error = useRouteError()
  const root = useRouteLoaderData<{ requestId?: string | null }>('root')
  const { title, text } = wordsOfError(error)
  const { pathname, search } = useLocation()
  const isAway = isRouteErrorResponse(error) && error.status === 503
  const isOurs = !isRouteErrorResponse(error) || error.status >= 500
  return (
    <Page title={title} lead={text} width="text">
      <div className="grid justify-items-start gap-6">
        {isOurs && root?.requestId ? (
          <p>
            If you contact us, include this ID: <code className="select-all">{root.requestId}</code>
          </p>
        ) : null}
        <div className="flex flex-wrap gap-3">
          {isAway ? (
            <ButtonLink to={pathname + search} reloadDocument>
              Try again
            </ButtonLink>
          ) : null}
          <ButtonLink to="/" kind={isAway ? 'outline' : 'ink'} reloadDocument>
            Go to the home page
          </ButtonLink>
        </div>
      </div>
    </Page>
  )
}
