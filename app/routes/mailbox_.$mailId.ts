import { data, type LoaderFunctionArgs } from '@remix-run/node'
import { findInMailbox, hasMailbox } from '#app/notifications/mail.server.ts'

/** Mails have inline styles, which the policy of pages forbids; nothing else is allowed here. */
const POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  'sandbox allow-top-navigation-by-user-activation',
].join('; ')

/** The HTML part of a mail, for the frame on the mailbox page. */
export async function loader({ params }: LoaderFunctionArgs) {
  const mail = hasMailbox() ? await findInMailbox(params['mailId'] ?? '') : null
  if (!mail?.html) throw data(null, { status: 404 })
  // A link in a mail opens a page, not a page within the frame.
  const html = mail.html.replace('<head>', '<head><base target="_top">')
  return new Response(html, {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': POLICY,
      'X-Frame-Options': 'SAMEORIGIN',
      'Cache-Control': 'no-store',
    },
  })
}
