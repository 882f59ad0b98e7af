import { Form } from '@remix-run/react'
import { Badge } from '#app/components/badge.tsx'
import { Banner } from '#app/components/banner.tsx'
import { Button } from '#app/components/button.tsx'
import { StubList } from '#app/components/note.tsx'
import { Section } from '#app/components/page.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import type { topUpView } from './top-up-view.ts'

/** What is agreed, what it has cost this month, and what it waits for. */
export function TopUpState({ topUp }: { topUp: ReturnType<typeof topUpView> }) {
  const busy = useSubmitting({ intent: 'turn-off' })
  const badge = topUp.isOn ? <Badge tone="green">On</Badge> : <Badge tone="ochre">Paused</Badge>
  return (
    <Section id="state-title" title="Now" aside={badge}>
      {topUp.notice ? (
        <Banner
          tone={topUp.confirmUrl ? 'ochre' : 'red'}
          action={
            topUp.confirmUrl ? (
              <a className="button" data-kind="outline" href={topUp.confirmUrl}>
                Confirm the payment
              </a>
            ) : undefined
          }
        >
          {topUp.notice}
        </Banner>
      ) : null}
      {topUp.terms ? <p>{topUp.terms}</p> : null}
      {topUp.progress ? <p role="status">{topUp.progress}</p> : null}
      <StubList rows={[{ term: 'This month (UTC)', value: topUp.month }]} />
      <Form method="post">
        <input type="hidden" name="intent" value="turn-off" />
        <Button kind="outline" busy={busy}>
          Turn off
        </Button>
      </Form>
    </Section>
  )
}
