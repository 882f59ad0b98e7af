import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import type { ReactNode } from 'react'
import { findUser } from '#app/auth/require-user.server.ts'
import { welcomeCredits } from '#app/billing/plans.ts'
import { brand } from '#app/brand.mjs'
import { now } from '#app/clock.server.ts'
import { ButtonLink } from '#app/components/button.tsx'
import { Ledger } from '#app/components/ledger.tsx'
import { Denomination, Note, NoteFace, NoteStub } from '#app/components/note.tsx'
import { SumTable } from '#app/components/sum-table.tsx'
import { VisitorFrame } from '#app/components/visitor-frame.tsx'
import { TextLink } from '#app/components/text-link.tsx'
import { config } from '#app/config.server.ts'
import { formatCredits } from '#app/format.ts'
import { frameOf } from '#app/auth/signed-in-frame.server.ts'
import { exampleLedger, exampleRefusals, exampleRenewal, exampleSum } from './example.server.ts'

export const meta: MetaFunction = () => [
  { title: `${brand.name}: ${brand.title}` },
  { name: 'description', content: brand.description },
]

export async function loader({ request }: LoaderFunctionArgs) {
  const user = await findUser(request)
  const ledger = exampleLedger(now())
  const balance = ledger[0]?.lines[0]?.balance ?? 0
  return {
    frame: user && (await frameOf(user)),
    sandboxUrl: config().sandboxUrl,
    welcome: formatCredits(welcomeCredits),
    sum: exampleSum(),
    ledger,
    renewal: exampleRenewal(balance),
    refusals: exampleRefusals(),
  }
}

export default function Landing() {
  const { frame, sandboxUrl, welcome, sum, ledger, renewal, refusals } = useLoaderData<typeof loader>()
  return (
    <VisitorFrame frame={frame} sandboxUrl={sandboxUrl}>
      <main id="main" tabIndex={-1} className="mx-auto w-full max-w-landing px-(--size-gutter) pt-8 pb-18 lg:pt-18">
        <div className="grid items-center gap-8 lg:grid-cols-[7fr_5fr] lg:gap-12">
          <div>
            <h1 className="text-display">
              <span className="block">Pay for credits.</span> See where every one went.
            </h1>
            <p className="mt-4 text-h2 text-ink-2">{brand.description}</p>
            <div className="mt-6 grid gap-3 sm:flex">
              {frame ? (
                <ButtonLink to="/dashboard">Go to your overview</ButtonLink>
              ) : (
                <ButtonLink to="/signup" kind="green">
                  Start with {welcome} free credits
                </ButtonLink>
              )}
              <ButtonLink to="/pricing" kind="outline">
                See pricing
              </ButtonLink>
            </div>
          </div>
          <SumNote sum={sum} />
        </div>

        <div className="mt-18 grid gap-12">
          <Chapter
            id="ledger"
            title="Every credit accounted for"
            text="Additions show in green, with a plus sign; spending names its action. Each day has its total, and each line the exact balance after it."
          >
            <Ledger days={ledger} labelledBy="ledger" />
            <p className="mt-2 text-table text-ink-2">An example: the first days on {sum.plan}, newest first.</p>
          </Chapter>

          <Renewal {...renewal} />
          <Refusals {...refusals} />

          {frame ? null : (
            <div className="border-t border-rule pt-12">
              <p>
                An account comes with {welcome} credits. No card needed.{' '}
                <TextLink to="/signup">Create your account</TextLink>.
              </p>
            </div>
          )}
        </div>
      </main>
    </VisitorFrame>
  )
}

/** The text on the left, what it is about on the right. */
function Chapter({ id, title, text, children }: { id: string; title: string; text: string; children: ReactNode }) {
  return (
    <section
      aria-labelledby={id}
      className="grid grid-cols-[minmax(0,1fr)] gap-x-12 gap-y-4 border-t border-rule pt-12 lg:grid-cols-[minmax(0,4fr)_minmax(0,8fr)]"
    >
      <div>
        <h2 id={id}>{title}</h2>
        <p className="mt-2 text-ink-2">{text}</p>
      </div>
      <div>{children}</div>
    </section>
  )
}

type Loaded = ReturnType<typeof useLoaderData<typeof loader>>

function Renewal({ plan, price, left, lost, lostText, added, total }: Loaded['renewal']) {
  return (
    <Chapter
      id="renewal"
      title="What happens at renewal"
      text={`The invoice is paid, ${price} for ${plan}, and its credits are added in the same moment.`}
    >
      <div className="rounded-sheet border border-rule bg-sheet px-4 py-2">
        <SumTable
          labelledBy="renewal"
          className="text-table"
          rows={[
            { label: 'Left from last month', value: left },
            ...(lost > 0 ? [{ label: 'Expires at renewal', value: lostText }] : []),
            { label: `New credits of ${plan}`, value: <span className="text-credit">{added}</span> },
          ]}
          total={{ label: 'Credits you can spend', value: total }}
        />
      </div>
    </Chapter>
  )
}

function Refusals({ needed, has, pack }: Loaded['refusals']) {
  return (
    <Chapter
      id="refusals"
      title="Clear errors"
      text="You see why, how much is missing and how to fix it. A request that is refused spends nothing."
    >
      <ul className="grid gap-2">
        <Refusal reason={`This needs ${needed} and you have ${has}.`} wayOut={pack ?? 'Change your plan'} />
        <Refusal
          reason="Spending is paused because a payment failed. Your credits are safe."
          wayOut="Update your card to continue"
        />
        <Refusal
          reason="This request was already processed."
          wayOut="You get the first answer again; nothing is spent twice"
        />
      </ul>
    </Chapter>
  )
}

function SumNote({ sum }: { sum: Loaded['sum'] }) {
  return (
    <Note aria-label={`One month of ${sum.plan}`}>
      <NoteFace>
        <p className="text-table text-ink-2">{sum.plan}, one month</p>
        <p>
          <Denomination>{sum.credits}</Denomination> credits
        </p>
      </NoteFace>
      <NoteStub>
        <SumTable
          caption={`One month of ${sum.plan}`}
          rows={[
            { label: 'You pay each month', value: sum.price },
            { label: 'You get', value: `${sum.credits} credits` },
            { label: sum.action, value: sum.cost },
          ]}
          total={{ label: 'Enough for', value: sum.result }}
        />
      </NoteStub>
    </Note>
  )
}

function Refusal({ reason, wayOut }: { reason: string; wayOut: string }) {
  return (
    <li className="rounded-sheet border border-rule bg-sheet px-4 py-3 text-table">
      <p className="font-semibold">{reason}</p>
      <p className="text-ink-2">{wayOut}.</p>
    </li>
  )
}
