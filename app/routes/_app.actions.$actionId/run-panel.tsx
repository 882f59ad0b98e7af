import { Form, useRevalidator } from '@remix-run/react'
import { Download } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { RunOnPage } from '#app/actions/action-page.server.ts'
import { Button } from '#app/components/button.tsx'
import { RunFacts } from '#app/components/run-facts.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { useRunEvents } from './use-run-events.ts'

const ASK_EVERY_MS = 1_000

/** How a run ended, and its result. It takes the focus, because the user pressed the button for it. */
export function RunPanel({ run, title }: { run: RunOnPage; title: string }) {
  const heading = useRef<HTMLHeadingElement>(null)
  const { revalidate } = useRevalidator()
  const isRunning = run.status === 'running'

  useEffect(() => heading.current?.focus(), [run.status])
  const live = useRunEvents(run.events, revalidate)
  const text = live?.text ?? run.text
  const spent = live?.spent ?? run.spentSoFar
  useEffect(() => {
    if (!isRunning) return
    // Beside its events, in case that a proxy holds them back.
    const timer = setInterval(revalidate, run.events ? 5 * ASK_EVERY_MS : ASK_EVERY_MS)
    return () => clearInterval(timer)
  }, [isRunning, run.events, revalidate])

  return (
    <section
      aria-labelledby="result"
      className="grid gap-4 rounded-sheet border border-rule bg-sheet p-6"
      data-status={run.status}
    >
      <h2 id="result" ref={heading} tabIndex={-1} className="font-text text-lead">
        {run.outcome}
      </h2>
      {run.note ? <p className="text-ink-2">{run.note}</p> : null}
      {isRunning && spent ? <p className="text-ink-2">{spent} used so far.</p> : null}
      {text ? <p className="break-words whitespace-pre-wrap">{text}</p> : null}
      {run.events ? <StopRun runId={run.id} /> : null}
      {run.failure ? <p className="text-ink-2">{run.failure}</p> : null}
      {run.deletion ? <p className="text-ink-2">{run.deletion}</p> : null}
      {isRunning ? (
        <noscript>
          {/* Its address, because the page’s own ends in a fragment, and that would load nothing. */}
          <meta httpEquiv="refresh" content={`3; url=${run.href}`} />
        </noscript>
      ) : null}
      <Result run={run} title={title} />
    </section>
  )
}

/** What was written until then is kept and charged. */
function StopRun({ runId }: { runId: string }) {
  const busy = useSubmitting({ intent: 'stop' })
  return (
    <Form method="post" className="flex flex-wrap items-center gap-4">
      <input type="hidden" name="intent" value="stop" />
      <input type="hidden" name="run" value={runId} />
      <Button kind="outline" busy={busy}>
        Stop
      </Button>
      <span className="text-table text-ink-2">The request and what is written until then are charged.</span>
    </Form>
  )
}

/** The images, facts and files of a run. */
function Result({ run, title }: { run: RunOnPage; title: string }) {
  return (
    <div className="flex flex-wrap items-start gap-6">
      {run.files
        .filter(({ isImage }) => isImage)
        .map(({ name, href }) => (
          <img
            key={name}
            src={href}
            alt={altOf(run, title)}
            width={256}
            height={256}
            className="h-auto w-[16rem] max-w-full border border-rule"
          />
        ))}
      <div className="grid min-w-0 flex-1 basis-[16rem] gap-4">
        <RunFacts facts={run.facts} />
        {run.files.length > 0 ? (
          <ul className="flex flex-wrap gap-2">
            {run.files.map(({ name, label, href }) => (
              <li key={name}>
                <a className="button" data-kind="outline" href={href} download={name}>
                  <span className="button-label">
                    <Download aria-hidden size={16} strokeWidth={1.75} />
                    Download {label}
                  </span>
                </a>
              </li>
            ))}
          </ul>
        ) : null}
      </div>
    </div>
  )
}

const ALT_MAX = 80

function altOf(run: RunOnPage, title: string): string {
  const text = run.facts[0]?.[1] ?? ''
  return `${title} of ${text.length > ALT_MAX ? `${text.slice(0, ALT_MAX)}…` : text}`
}
