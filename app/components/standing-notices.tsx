import { Form } from '@remix-run/react'
import type { Notice } from '#app/standing.ts'
import { Button, ButtonLink } from './button.tsx'
import { Notices } from './notices.tsx'
import { useSubmitting } from './use-submitting.ts'

const ACTIONS = {
  'update-card': { intent: 'update-card', label: 'Update card' },
  confirm: { intent: 'confirm', label: 'Continue at the bank' },
  finish: { intent: 'portal', label: 'Finish the payment' },
  'undo-change': { intent: 'undo-change', label: 'Undo' },
} as const

/** What somebody's plan and payments need to say, each with the button that deals with it. */
export function StandingNotices({ notices, plan }: { notices: Notice[]; plan: string }) {
  const views = notices.map(({ tone, text, action }) => ({ tone, text, action: actionFor(action, plan) }))
  return <Notices notices={views} />
}

function actionFor(action: Notice['action'], plan: string) {
  if (action === null) return undefined
  if (action === 'cancel-trial') {
    return (
      <ButtonLink to="/billing/cancel" kind="outline">
        Cancel trial
      </ButtonLink>
    )
  }
  if (action === 'resume') return <BillingButton intent="resume">Keep {plan}</BillingButton>
  if (action === 'restart') return <BillingButton intent="restart">Go on with {plan}</BillingButton>
  return <BillingButton intent={ACTIONS[action].intent}>{ACTIONS[action].label}</BillingButton>
}

/** One press that the billing page's action deals with, from wherever it is. */
export function BillingButton({
  intent,
  kind = 'outline',
  children,
}: {
  intent: string
  kind?: 'outline' | 'ink' | 'quiet'
  children: React.ReactNode
}) {
  const busy = useSubmitting({ intent }, '/billing')
  return (
    <Form method="post" action="/billing">
      <input type="hidden" name="intent" value={intent} />
      <Button kind={kind} busy={busy}>
        {children}
      </Button>
    </Form>
  )
}
