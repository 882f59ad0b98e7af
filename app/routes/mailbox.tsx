import { data } from '@remix-run/node'
import { useLoaderData } from '@remix-run/react'
import { EmptyState } from '#app/components/empty-state.tsx'
import { pageTitle } from '#app/components/page-title.ts'
import { Page } from '#app/components/page.tsx'
import { PublicFrame } from '#app/components/public-frame.tsx'
import { config } from '#app/config.server.ts'
import { formatDateTime } from '#app/format.ts'
import { listMailbox } from '#app/notifications/mail.server.ts'

export const meta = () => pageTitle('Mailbox')

/** Where mail goes while no mail server is set: only on one's own machine, since it holds everybody's reset links. */
export async function loader() {
  const { isLocal, smtpUrl } = config()
  if (!isLocal || smtpUrl) throw data(null, { status: 404 })
  const mails = await listMailbox()
  return mails.map((mail) => ({
    id: mail._id.toHexString(),
    to: mail.to,
    subject: mail.subject,
    parts: splitLinks(mail.text),
    sentAt: formatDateTime(mail.sentAt, 'UTC'),
  }))
}

/** Text and links in turn, so that a link can be followed and nothing in a mail is ever markup. */
function splitLinks(text: string): { text: string; isLink: boolean }[] {
  return text.split(/(https?:\/\/\S+)/).map((part, index) => ({ text: part, isLink: index % 2 === 1 }))
}

export default function Mailbox() {
  const mails = useLoaderData<typeof loader>()
  return (
    <PublicFrame>
      <Page title="Mailbox" lead="Mails stay here as long as SMTP_URL is not set." width="text">
        {mails.length === 0 ? (
          <EmptyState>No mail yet. Ask for a new password and watch it arrive here.</EmptyState>
        ) : null}
        {mails.map((mail) => (
          <article key={mail.id} className="grid gap-2 rounded-sheet border border-rule bg-sheet p-6">
            <h2 className="font-text text-lead">{mail.subject}</h2>
            <p className="text-ink-2">
              To {mail.to}, {mail.sentAt}
            </p>
            <p className="break-words whitespace-pre-line">
              {mail.parts.map(({ text, isLink }, index) =>
                isLink ? (
                  <a key={index} className="link" href={text}>
                    {text}
                  </a>
                ) : (
                  text
                ),
              )}
            </p>
          </article>
        ))}
      </Page>
    </PublicFrame>
  )
}
