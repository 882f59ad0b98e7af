import { Form } from '@remix-run/react'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import type { OwedView, Way } from './owed-view.ts'

/** A payment is open, and letting the plan run out would not stop it: the user chooses first what happens to it. */
export function OwedChoice({ plan, owed }: { plan: string; owed: OwedView }) {
  return (
    <div className="grid gap-8">
      <p>
        A payment of {owed.sum} for {plan} is still open, and we keep trying to collect it. Nothing is canceled yet:
        choose what to do about it.
      </p>
      {(['now', 'pay'] as const).map((way) => {
        const words = owed.ways[way]
        return words ? (
          <section key={way} aria-labelledby={way} className="grid gap-3">
            <h2 id={way}>{words.label}</h2>
            <Facts facts={words.facts} />
            <p>
              <ButtonLink to={`/billing/cancel?owed=1&choice=${way}`} kind="outline">
                Continue<span className="sr-only">: {words.label}</span>
              </ButtonLink>
            </p>
          </section>
        ) : null
      })}
      <p>
        <ButtonLink to="/billing" kind="quiet">
          Keep {plan}
        </ButtonLink>
      </p>
    </div>
  )
}

/** The chosen way and its consequences, before anything happens. */
export function OwedConfirmation({
  owed,
  way,
  nonce,
  children,
}: {
  owed: OwedView
  way: Way
  nonce: string
  children: React.ReactNode
}) {
  const busy = useSubmitting()
  const words = owed.ways[way]
  if (!words) return null
  return (
    <Form method="post" action="/billing/cancel" className="grid gap-8">
      <input type="hidden" name="choice" value={way} />
      <input type="hidden" name="amount" value={owed.amount} />
      <input type="hidden" name="nonce" value={nonce} />
      <div className="grid gap-3">
        <h2>{words.label}</h2>
        <Facts facts={words.facts} />
      </div>
      {children}
      <div className="grid gap-3 sm:flex">
        <Button kind={way === 'pay' ? 'green' : 'red'} busy={busy}>
          {words.button}
        </Button>
        <ButtonLink to="/billing/cancel?owed=1" kind="outline">
          Back
        </ButtonLink>
      </div>
    </Form>
  )
}

const Facts = ({ facts }: { facts: string[] }) => (
  <ul className="grid gap-2">
    {facts.map((fact) => (
      <li key={fact}>{fact}</li>
    ))}
  </ul>
)
