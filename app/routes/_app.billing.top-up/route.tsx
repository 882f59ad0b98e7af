import { parseWithZod } from '@conform-to/zod/v4'
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, redirect } from '@remix-run/node'
import { useActionData, useLoaderData } from '@remix-run/react'
import { takePageTry } from '#app/auth/rate-limit.server.ts'
import { requireUser } from '#app/auth/require-user.server.ts'
import { billingDetailsOf } from '#app/billing/billing-details/billing-details.server.ts'
import { packsInWords } from '#app/billing/catalog/pack-offers.ts'
import { findPack, packs } from '#app/billing/plans.ts'
import { turnOffTopUp, turnOnTopUp } from '#app/billing/top-up/settings.server.ts'
import { readTopUp } from '#app/billing/top-up/store.server.ts'
import { now } from '#app/clock.server.ts'
import { pageTitle } from '#app/components/page-title.ts'
import { Page } from '#app/components/page.tsx'
import { config } from '#app/config.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { confirmPath } from '#app/email-confirmation/confirm-path.ts'
import { EmailNotConfirmed } from '#app/email-confirmation/errors.ts'
import { invalidForm, refusedForm } from '#app/http/form-failure.server.ts'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { TopUpForm, TopUpReview } from './top-up-form.tsx'
import { TopUpState } from './top-up-state.tsx'
import { termsForm, termsOf } from './terms-form.ts'
import { cardInWords, firstInWords, termsInWords, topUpView } from './top-up-view.ts'

export const meta = () => pageTitle('Automatic top-up')

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await requireUser(request)
  const [topUp, details] = await Promise.all([readTopUp(user._id), billingDetailsOf(user)])
  const card = details.state === 'read' ? cardInWords(details.details.paymentMethod) : null
  const context = { now: now(), timeZone: user.timeZone, card, hasTax: config().stripe.automaticTax === 'exclusive' }
  const [smallest] = packs
  return {
    card,
    packs: packsInWords(),
    topUp: topUp && topUpView(topUp, context),
    defaults: { pack: smallest?.id ?? '', below: '100', timesMax: '3', amountMax: '' },
  }
}

export async function action({ request }: ActionFunctionArgs) {
  const user = await requireUser(request)
  const form = await readFormData(request)
  await takePageTry('payment', user._id.toHexString())
  if (form.get('intent') === 'turn-off') {
    await turnOffTopUp(user._id)
    return redirect('/billing/top-up')
  }
  const submission = parseWithZod(form, { schema: termsForm })
  if (submission.status !== 'success') return invalidForm(submission)
  const terms = termsOf(submission.value)
  const { amount } = findPack(terms.pack)!.price
  const [{ credits, held }, details] = await Promise.all([getBalance(user._id), billingDetailsOf(user)])
  const card = details.state === 'read' ? cardInWords(details.details.paymentMethod) : null
  // The price may have changed since the review: then it is reviewed again.
  if (submission.value.intent === 'review' || submission.value.price !== amount) {
    const context = { now: now(), timeZone: user.timeZone, card, hasTax: config().stripe.automaticTax === 'exclusive' }
    const sentences = [termsInWords(terms, context), firstInWords(terms, credits + held)]
    const sent = Object.fromEntries([...form].filter(([name]) => name !== 'intent')) as Record<string, string>
    return data({ review: { sentences, sent: { ...sent, price: String(amount) }, hasCard: card !== null } })
  }
  try {
    await turnOnTopUp(user._id, terms)
    return redirect('/billing/top-up')
  } catch (error) {
    if (error instanceof EmailNotConfirmed) return redirect(confirmPath('/billing/top-up'))
    return refusedForm(submission, error)
  }
}

export default function AutomaticTopUp() {
  const { card, packs: offered, topUp, defaults } = useLoaderData<typeof loader>()
  const answer = useActionData<typeof action>()
  const review = answer && 'review' in answer ? answer.review : null
  return (
    <Page
      title="Automatic top-up"
      width="text"
      lead="Buys a credit pack with your card on file when your balance is low, so that your work does not stop."
    >
      {review ? (
        <TopUpReview {...review} />
      ) : (
        <>
          {topUp && !topUp.isOff ? <TopUpState topUp={topUp} /> : null}
          <TopUpForm
            packs={offered}
            fields={topUp?.fields ?? defaults}
            answer={answer && 'result' in answer ? answer : undefined}
            card={card}
            isOn={topUp?.isOn ?? false}
          />
        </>
      )}
    </Page>
  )
}
