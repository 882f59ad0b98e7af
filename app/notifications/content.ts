import { brand } from '../brand.mjs'
import { ACCOUNT_MAILS } from './content-account.ts'
import { CREDIT_MAILS } from './content-credits.ts'
import { PAYMENT_MAILS } from './content-payments.ts'
import { SUBSCRIPTION_MAILS } from './content-subscription.ts'
import { TOP_UP_MAILS } from './content-top-up.ts'
import type { NotificationContent } from './kinds.ts'
import type { MailContent, MailContext, MailWriters } from './mail-content.ts'

const WRITERS: MailWriters = {
  ...PAYMENT_MAILS,
  ...SUBSCRIPTION_MAILS,
  ...CREDIT_MAILS,
  ...TOP_UP_MAILS,
  ...ACCOUNT_MAILS,
  operator_attention: ({ object, sentence }, { appUrl }) => ({
    subject: `${brand.name} needs your attention: ${object}`,
    paragraphs: [
      sentence,
      'Fix it in Stripe or in the plan file. Each reconcile checks again and then completes what was left undone.',
      'npm run reconcile lists everything that is still open.',
    ],
    facts: [{ label: 'Stripe object', value: object }],
    action: { label: `Open ${brand.name}`, url: appUrl },
  }),
}

/** Puts a notification into words. */
export function contentOf({ kind, data }: NotificationContent, context: MailContext): MailContent {
  // The union keeps kind and data together; the compiler cannot follow it through the table.
  const write = WRITERS[kind] as (data: NotificationContent['data'], context: MailContext) => MailContent
  return write(data, context)
}
