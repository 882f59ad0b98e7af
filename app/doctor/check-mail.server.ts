import { config } from '../config.server.ts'
import { verifyMailServer } from '../notifications/mail.server.ts'
import { error, type Finding, ok } from './finding.ts'

/** Whether the mail server accepts the log-in. No mail is sent. */
export async function checkMail(): Promise<Finding[]> {
  const { smtpUrl, appUrl, mailFrom, operatorEmail } = config()
  if (!smtpUrl) return [ok(`SMTP_URL is not set: mails stay at ${appUrl}/mailbox.`)]
  try {
    await verifyMailServer()
  } catch (failure) {
    return [
      error(`The mail server refuses: ${failure instanceof Error ? failure.message : String(failure)}`, {
        why: 'No receipts, warnings or confirmation links are sent until it answers; they wait in the outbox.',
        mend: 'Check SMTP_URL: host, port, user and password.',
      }),
    ]
  }
  return [ok(`The mail server accepts the log-in. Mails come from ${mailFrom}; yours go to ${operatorEmail}.`)]
}
