import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { readActionPage, readForm, type SentForm } from '#app/actions/action-page.server.ts'
import { answerForm, type FormAnswer } from '#app/actions/form-answer.server.ts'
import { findPaidAction } from '#app/actions/paid-actions.server.ts'
import type { PaidAction } from '#app/actions/registry.ts'
import { askToStop } from '#app/actions/run-store.server.ts'
import { consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { Page, Section } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { PlanNotices } from '#app/components/standing-notices.tsx'
import { getBalance } from '#app/credits/balance.server.ts'
import { RateLimited } from '#app/http/errors.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { primaryActionOf, warningsOf } from '#app/plan-status/primary-action.ts'
import { currentPlanStatus } from '#app/plan-status/current-plan-status.server.ts'
import { withSearch } from '#app/with-search.ts'
import { ActionForm } from './action-form.tsx'
import { RecentRuns } from './recent-runs.tsx'
import { RefusalPanel } from './refusal-panel.tsx'
import { RunPanel } from './run-panel.tsx'

export const meta: MetaFunction<typeof loader> = ({ data: page }) => pageTitle(page?.title ?? 'Action')

function getAction(id: string | undefined): PaidAction {
  const paidAction = findPaidAction(id ?? '')
  if (!paidAction) throw new Response('There is no such action.', { status: 404 })
  return paidAction
}

export async function loader({ request, params }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const { searchParams } = new URL(request.url)
  const runs = { runId: searchParams.get('run'), again: searchParams.get('again') }
  const [page, balance] = await Promise.all([
    readActionPage(user, getAction(params.actionId), runs),
    getBalance(user._id),
  ])
  const standing = currentPlanStatus(user, balance)
  const main = primaryActionOf(standing, balance.credits)
  return { ...page, plan: standing.plan, warnings: warningsOf(standing), main }
}

export async function action({ request, params }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const paidAction = getAction(params.actionId)
  const form = await readFormData(request)
  if (form.get('intent') === 'stop') {
    const sentId = form.get('run')
    const runId = typeof sentId === 'string' ? sentId.slice(0, 64) : ''
    await askToStop(user._id, runId)
    return redirect(withSearch(`/actions/${paidAction.id}`, { run: runId }), 303)
  }
  const sent = readForm(paidAction, form)
  try {
    await consumeAttempt(sent.intent === 'run' ? 'actionRun' : 'actionCheck', user._id.toHexString())
  } catch (error) {
    if (error instanceof RateLimited) return tooOften(error, sent)
    throw error
  }
  const answer = await answerForm(user, paidAction, sent)
  // A result has its own address: reloading it, or going back to it, sends and charges nothing.
  if ('runId' in answer) return redirect(`/actions/${paidAction.id}?run=${answer.runId}#result`, 303)
  return data(answer, { status: answer.status })
}

function tooOften({ message, retryAfterSeconds }: RateLimited, { values }: SentForm) {
  const answer: FormAnswer = { kind: 'too-often', status: 429, reason: message, values }
  return data(answer, { status: answer.status, headers: { 'Retry-After': String(retryAfterSeconds) } })
}

export default function ActionPage() {
  const page = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>() ?? null
  const { run, plan, warnings, main } = page
  const wayOut = main === 'use' || main === 'buy' ? null : main
  return (
    <Page
      title={page.title}
      lead={page.summary}
      // A refusal below says the same.
      notices={answer ? null : <PlanNotices notices={warnings} plan={plan} main={wayOut} />}
    >
      {answer?.kind === 'refused' || answer?.kind === 'unknown' || answer?.kind === 'too-often' ? (
        <RefusalPanel
          reason={answer.reason}
          ways={answer.kind === 'refused' ? answer.ways : []}
          isCertain={answer.kind !== 'unknown'}
        />
      ) : run && !answer ? (
        <RunPanel key={run.id} run={run} title={page.title} />
      ) : null}
      <ActionForm key={page.id} page={page} answer={answer} main={main} />
      {page.recent.length > 0 ? (
        <Section id="recent" title="Your last results">
          <RecentRuns actionId={page.id} runs={page.recent} current={run?.id ?? null} />
        </Section>
      ) : null}
    </Page>
  )
}
