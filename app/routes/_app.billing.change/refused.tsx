import { isRouteErrorResponse } from '@remix-run/react'
import { ButtonLink } from '#app/components/button.tsx'
import { Page } from '#app/components/page.tsx'
import { PlanNotices } from '#app/components/standing-notices.tsx'
import type { Notice } from '#app/plan-status/notice.ts'

/** Why a plan change is not possible, and what helps. */
export interface Refused {
  title: string
  text: string
  way: { to: string; label: string } | null
  plan: string
  notices: Notice[]
}

/** The refusal that the loader threw; null for any other error. */
export function refusedIn(error: unknown): Refused | null {
  if (!isRouteErrorResponse(error)) return null
  const found = error.data as Partial<Refused> | null
  return found?.title && found.text ? (found as Refused) : null
}

export function RefusedPage({ title, text, way, plan, notices }: Refused) {
  return (
    <Page title={title} width="text" notices={<PlanNotices notices={notices} plan={plan} />}>
      <div className="grid gap-6">
        <p>{text}</p>
        <div className="flex flex-wrap gap-3">
          {way ? <ButtonLink to={way.to}>{way.label}</ButtonLink> : null}
          <ButtonLink to="/billing" kind={way ? 'outline' : 'ink'}>
            Back to billing
          </ButtonLink>
        </div>
      </div>
    </Page>
  )
}
