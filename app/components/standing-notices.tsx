import { Form } from '@remix-run/react'
import { Button, ButtonLink } from './button.tsx'
import { Banner } from './banner.tsx'
import { useSubmitting } from './use-submitting.ts'
import type { Notice } from '#app/plan-status/notice.ts'

const ACTIONS = {
  'update-card': { intent: 'update-card', label: 'Update card' },
  confirm: { intent: 'confirm', label: 'Continue at the bank' },
  finish: { intent: 'portal', label: 'Finish the payment' },
  'undo-change': { intent: 'undo-change', label: 'Undo' },
} as const

/**
 * The notices about a user's plan and payments, each with its button. A page shows one banner at its top, the most serious;
 * the others can be unfolded.
 */
export function PlanNotices({
  notices: [first, ...rest],
  plan,
  main = null,
}: {
  notices: Notice[]
  plan: string
  /** The action of the page's main button. */
  main?: Notice['action']
}) {
  const bannerOf = ({ tone, text, action }: Notice) => (
    <Banner
      key={text}
      tone={tone}
      action={action && <NoticeButton action={action} plan={plan} kind={action === main ? 'ink' : 'outline'} />}
    >
      {text}
    </Banner>
  )
  if (!first) return null
  return (
    <>
      {bannerOf(first)}
      {rest.length > 0 ? (
        <details>
          <summary className="w-fit cursor-pointer text-table link">
            {rest.length === 1 ? '1 more notice' : `${rest.length} more notices`}
          </summary>
          <div className="mt-2 grid gap-2">{rest.map(bannerOf)}</div>
        </details>
      ) : null}
    </>
  )
}

/** The button that solves what a notice reports. */
export function NoticeButton({
  action,
  plan,
  kind = 'outline',
}: {
  action: NonNullable<Notice['action']>
  plan: string
  kind?: 'outline' | 'ink'
}) {
  if (action === 'cancel-trial') {
    return (
      <ButtonLink to="/billing/cancel" kind={kind}>
        Cancel trial
      </ButtonLink>
    )
  }
  if (action === 'resume-spending') {
    return (
      <ButtonLink to="/settings/spending" kind={kind}>
        Resume spending
      </ButtonLink>
    )
  }
  const { intent, label } =
    action === 'resume'
      ? { intent: action, label: `Keep ${plan}` }
      : action === 'restart'
        ? { intent: action, label: `Resume ${plan}` }
        : ACTIONS[action]
  return (
    <BillingButton intent={intent} kind={kind}>
      {label}
    </BillingButton>
  )
}

/** A button that posts an intent to the billing page, from any page. */
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
