import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from '@remix-run/node'
import { Form, useActionData, useLoaderData } from '@remix-run/react'
import { RunNotFound } from '#app/actions/errors.ts'
import { deleteRun } from '#app/actions/runs/delete-run.server.ts'
import { readRunPage } from '#app/actions/runs/runs-page.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { Badge } from '#app/components/badge.tsx'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { ErrorSummary } from '#app/components/error-summary.tsx'
import { StubList } from '#app/components/note.tsx'
import { Page, Section } from '#app/components/page.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { RunFacts } from '#app/components/run-facts.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { usePolling } from '#app/components/use-polling.ts'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { refuseVisit } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'

export const meta: MetaFunction<typeof loader> = ({ data: run }) => pageTitle(run ? `Run of ${run.title}` : 'Run')

export async function loader({ request, params }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  return (await readRunPage(user, params.runId ?? '')) ?? refuseVisit(new RunNotFound())
}

export async function action({ request, params }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const isConfirmed = (await readFormData(request)).get('confirmed') === 'on'
  if (!isConfirmed) return data({ problem: 'Check the box to delete this result for good.' }, { status: 400 })
  const runId = params.runId ?? ''
  if (!(await deleteRun(user._id, runId)))
    return data({ problem: 'A run can be deleted once it has ended.' }, { status: 409 })
  return redirect(`/runs/${runId}`)
}

export default function Run() {
  const run = useLoaderData<typeof loader>()
  usePolling(run.isRunning)
  return (
    <Page title={run.title} width="text">
      <div className="grid gap-6">
        <StubList
          rows={[
            { term: 'State', value: <Badge tone={TONES[run.state]}>{run.state}</Badge> },
            { term: 'Begun', value: run.at },
            { term: 'Cost', value: run.receipt },
          ]}
        />
        {run.deletion ? <p className="text-ink-2">{run.deletion}</p> : null}
        <RunFacts facts={run.facts} />
        <div className="flex flex-wrap gap-2">
          {run.files.map(({ name, label, href }) => (
            <a key={name} className="button" data-kind="outline" href={href} download={name}>
              Download {label}
            </a>
          ))}
          {run.again ? (
            <ButtonLink to={run.again} kind="outline">
              Run again
            </ButtonLink>
          ) : null}
        </div>
        <p>
          <TextLink to={`/usage?action=${encodeURIComponent(run.action)}#ledger`}>Its entries in the ledger</TextLink>
        </p>
      </div>
      {run.canDelete ? <DeleteRun /> : null}
    </Page>
  )
}

const TONES = { Running: 'ochre', Done: 'green', Failed: 'red' } as const

function DeleteRun() {
  const problem = useActionData<typeof action>()?.problem
  const busy = useSubmitting()
  return (
    <Section
      id="delete-title"
      title="Delete the result"
      lead="What was sent and made is deleted for good. The run and what it cost stay in your records."
    >
      <ErrorSummary errors={problem ? [{ message: problem }] : []} />
      <Form method="post" className="grid justify-items-start gap-4">
        <label className="check">
          <input type="checkbox" name="confirmed" required /> <span>Delete it for good</span>
        </label>
        <Button kind="red" busy={busy}>
          Delete
        </Button>
      </Form>
    </Section>
  )
}
