import { isRouteErrorResponse, useLocation, useRouteError, useRouteLoaderData } from '@remix-run/react'
import { brand } from '../brand.mjs'
import { ButtonLink } from './button.tsx'
import { Page } from './page.tsx'

interface Words {
  title: string
  text: string
}

const NO_SUCH_REQUEST: Words = {
  title: 'This address takes no such request.',
  text: 'Go back and use the form on the page.',
}

const WORDS: Record<number, Words> = {
  400: NO_SUCH_REQUEST,
  403: {
    title: 'This page is not open to you.',
    text: 'It belongs to another account or needs other rights than yours.',
  },
  404: { title: 'This page does not exist.', text: 'The address may be mistyped, or the page is gone.' },
  405: NO_SUCH_REQUEST,
  429: { title: 'Too many tries.', text: 'Wait a few minutes, then try again. Nothing was charged or spent.' },
  503: {
    title: `${brand.name} cannot answer right now.`,
    text: 'Your credits are safe. Try again in a minute; doing the same again never counts twice.',
  },
}

const FAILED: Words = {
  title: 'Something failed on our side.',
  text: 'Nothing was charged or spent by this page.',
}

export function wordsOfError(error: unknown): Words {
  return (isRouteErrorResponse(error) ? WORDS[error.status] : undefined) ?? FAILED
}

/** What a page becomes when it cannot be shown: what happened, what it means, one way on. */
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
            If you write to us, add this number: <code className="select-all">{root.requestId}</code>
          </p>
        ) : null}
        <div className="flex flex-wrap gap-3">
          {isAway ? (
            <ButtonLink to={pathname + search} reloadDocument>
              Try again
            </ButtonLink>
          ) : null}
          <ButtonLink to="/" kind={isAway ? 'outline' : 'ink'} reloadDocument>
            Go to the first page
          </ButtonLink>
        </div>
      </div>
    </Page>
  )
}
