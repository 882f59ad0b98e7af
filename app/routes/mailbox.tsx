import { data, type LoaderFunctionArgs } from '@remix-run/node'
import { Link, useLoaderData } from '@remix-run/react'
import { EmptyState } from '#app/components/empty-state.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Page } from '#app/components/page.tsx'
import { PublicFrame } from '#app/components/public-frame.tsx'
import { formatDateTime } from '#app/format.ts'
import { isDatabaseTrouble, unavailable } from '#app/http/api-error.server.ts'
import { hasMailbox, listMailbox } from '#app/notifications/mail.server.ts'

export const meta = () => pageTitle('Mailbox')

/** Shows mails while no mail server is set: in local mode only, since it has every user's reset links. */
export async function loader({ request }: LoaderFunctionArgs) {
  if (!hasMailbox()) throw data(null, { status: 404 })
  const asHtml = new URL(request.url).searchParams.get('html')
  const mails = await listMailbox().catch((error: unknown) => {
    throw isDatabaseTrouble(error) ? unavailable() : error
  })
  return mails.map((mail) => {
    const id = mail._id.toHexString()
    return {
      id,
      to: mail.to,
      subject: mail.subject,
      parts: splitLinks(mail.text),
      sentAt: formatDateTime(mail.sentAt, 'UTC'),
      hasHtml: Boolean(mail.html),
      isHtml: Boolean(mail.html) && id === asHtml,
    }
  })
}

/** Text and links in turn, so that links work and nothing in a mail is ever markup. */
function splitLinks(text: string): { text: string; isLink: boolean }[] {
  return text.split(/(https?:\/\/\S+)/).map((part, index) => ({ text: part, isLink: index % 2 === 1 }))
}

export default function Mailbox() {
  const mails = useLoaderData<typeof loader>()
  return (
    <PublicFrame>
      <Page title="Mailbox" lead="Emails are kept here while SMTP_URL is not set." width="text">
        {mails.length === 0 ? <EmptyState>No emails yet. Reset a password to see one here.</EmptyState> : null}
        {mails.map((mail) => (
          <article
            key={mail.id}
            id={`mail-${mail.id}`}
            className="grid grid-cols-[minmax(0,1fr)] gap-2 rounded-sheet border border-rule bg-sheet p-6"
          >
            <h2 className="font-text text-lead">{mail.subject}</h2>
            <p className="text-ink-2">
              To {mail.to}, {mail.sentAt}
            </p>
            {mail.hasHtml ? <PartSwitch id={mail.id} subject={mail.subject} isHtml={mail.isHtml} /> : null}
            {mail.isHtml ? (
              <iframe
                className="h-[36rem] w-full border border-rule bg-sheet"
                src={`/mailbox/${mail.id}`}
                title={`HTML of ${mail.subject}`}
                // No scripts; a link that is clicked may leave the frame.
                sandbox="allow-top-navigation-by-user-activation"
              />
            ) : (
              <MailText parts={mail.parts} />
            )}
          </article>
        ))}
      </Page>
    </PublicFrame>
  )
}

/** Which part of a mail is shown: two links, so that it works without JavaScript. */
function PartSwitch({ id, subject, isHtml }: { id: string; subject: string; isHtml: boolean }) {
  const part = (label: string, to: string, isCurrent: boolean) => (
    <Link
      to={to}
      preventScrollReset
      aria-current={isCurrent || undefined}
      className={isCurrent ? 'border-b-2 border-ink font-semibold' : 'link'}
    >
      {label}
    </Link>
  )
  return (
    // A group, not a landmark: two mails with one subject would be two landmarks with one name.
    <div role="group" aria-label={`Parts of ${subject}`} className="flex gap-4 text-table">
      {part('Text', `/mailbox#mail-${id}`, !isHtml)}
      {part('HTML', `/mailbox?html=${id}#mail-${id}`, isHtml)}
    </div>
  )
}

function MailText({ parts }: { parts: { text: string; isLink: boolean }[] }) {
  return (
    <p className="break-words whitespace-pre-line">
      {parts.map(({ text, isLink }, index) =>
        isLink ? (
          <a key={index} className="link" href={text}>
            {text}
          </a>
        ) : (
          text
        ),
      )}
    </p>
  )
}
