import { brand } from '../brand.mjs'
import type { NotificationData } from './kinds.ts'
import type { MailContent, MailContext } from './mail-content.ts'

/** The mails to the operator. */
export const OPERATOR_MAILS = {
  operator_attention: (
    { object, sentence }: NotificationData<'operator_attention'>,
    { appUrl }: MailContext,
  ): MailContent => ({
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
