import { ACCOUNT_MAILS } from './content-account.ts'
import { CREDIT_MAILS } from './content-credits.ts'
import { OPERATOR_MAILS } from './content-operator.ts'
import { PAYMENT_MAILS } from './content-payments.ts'
import { SUBSCRIPTION_MAILS } from './content-subscription.ts'
import type { NotificationContent, NotificationData, NotificationKind } from './kinds.ts'
import type { MailContent, MailContext } from './mail-content.ts'

type Writers = { [Kind in NotificationKind]: (data: NotificationData<Kind>, context: MailContext) => MailContent }

const WRITERS: Writers = {
  ...PAYMENT_MAILS,
  ...SUBSCRIPTION_MAILS,
  ...CREDIT_MAILS,
  ...ACCOUNT_MAILS,
  ...OPERATOR_MAILS,
}

/** Puts a notification into words. */
export function contentOf({ kind, data }: NotificationContent, context: MailContext): MailContent {
  // The union keeps kind and data together; the compiler cannot follow it through the table.
  const write = WRITERS[kind] as (data: NotificationContent['data'], context: MailContext) => MailContent
  return write(data, context)
}
