import { Form } from '@remix-run/react'
import type { PackWords } from '#app/billing/catalog/pack-offers.ts'
import { Banner } from '#app/components/banner.tsx'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { Field } from '#app/components/field.tsx'
import { Section } from '#app/components/page.tsx'
import { RadioCards } from '#app/components/radio-cards.tsx'
import { ServerForm } from '#app/components/server-form.tsx'
import { BillingButton } from '#app/components/standing-notices.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import { type FormAnswer, useServerForm } from '#app/http/use-server-form.ts'

type Name = 'pack' | 'below' | 'timesMax' | 'amountMax'

/** The terms. Nothing is agreed before the review that follows. */
export function TopUpForm({
  packs,
  fields,
  answer,
  card,
  isOn,
}: {
  packs: PackWords[]
  fields: Record<Name, string>
  answer: FormAnswer | undefined
  card: string | null
  isOn: boolean
}) {
  const { form, field, errors } = useServerForm<Name>('top-up', answer, fields)
  return (
    <Section id="terms-title" title={isOn ? 'Change the terms' : 'Terms'}>
      {card === null ? (
        <Banner tone="ochre" action={<BillingButton intent="update-card">Add a card</BillingButton>}>
          There is no card on file. Add one before you turn this on.
        </Banner>
      ) : null}
      <ServerForm form={form} errors={errors} hidden={{ intent: 'review' }} submit="Review" className="max-w-column">
        <RadioCards
          legend="Buy"
          name="pack"
          defaultValue={field('pack').defaultValue}
          cards={packs.map(({ id, credits, price }) => ({ value: id, label: `${credits} credits`, aside: price }))}
        />
        <Field
          label="When the balance falls below"
          hint="In credits. Credits on hold count as yours."
          inputMode="numeric"
          autoComplete="off"
          required
          {...field('below')}
        />
        <Field
          label="At most this many times a month"
          inputMode="numeric"
          autoComplete="off"
          required
          {...field('timesMax')}
        />
        <Field
          label="At most this much money a month"
          hint="In US dollars or the currency of the pack, with tax. Nothing is bought that would pass it."
          inputMode="decimal"
          autoComplete="off"
          required
          {...field('amountMax')}
        />
      </ServerForm>
    </Section>
  )
}

/** The sum in words, and the button that agrees to it. */
export function TopUpReview({
  sentences,
  sent,
  hasCard,
}: {
  sentences: string[]
  sent: Record<string, string>
  hasCard: boolean
}) {
  const busy = useSubmitting({ intent: 'turn-on' })
  return (
    <Section id="review-title" title="Review">
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      <p>A refused card is tried three times at most. You can turn this off at any time.</p>
      <div className="flex flex-wrap gap-3">
        {hasCard ? (
          <Form method="post">
            <input type="hidden" name="intent" value="turn-on" />
            {Object.entries(sent).map(([name, value]) => (
              <input key={name} type="hidden" name={name} value={value} />
            ))}
            <Button kind="green" busy={busy}>
              Turn on automatic top-up
            </Button>
          </Form>
        ) : (
          <BillingButton intent="update-card">Add a card</BillingButton>
        )}
        <ButtonLink to="/billing/top-up" kind="outline">
          Change the terms
        </ButtonLink>
      </div>
    </Section>
  )
}
