import type { User } from '#models/user.server.ts'
import { planOf } from '../billing/entitlements/current-plan.ts'
import { config } from '../config.server.ts'
import { DomainError } from '../domain-error.ts'
import { logger } from '../log.server.ts'
import { MailFailed } from '../notifications/mail-failure.ts'
import { sendMail } from '../notifications/mail.server.ts'
import type { Question } from './question.ts'

/** The mail server did not accept a question; the form still has it. */
export class QuestionNotSent extends DomainError {
  readonly code = 'question_not_sent'
  constructor() {
    super('Your question could not be sent right now. Try again in a moment.')
  }
}

/**
 * Mails a customer's question to the shop; a reply goes to the customer.
 * @throws QuestionNotSent when it may not have arrived
 */
export async function sendQuestion(
  user: User,
  { subject, question }: Question,
  { isPriority }: { isPriority: boolean },
): Promise<void> {
  const lines = [question, '', '--', `${user.name || 'No name'} <${user.email}>`]
  const facts = [`Plan: ${planOf(user.subscription).name}`, `User: ${user._id.toHexString()}`]
  try {
    await sendMail({
      to: config().supportAddress,
      subject: `${isPriority ? 'Priority question' : 'Question'}: ${subject}`,
      text: [...lines, ...facts].join('\n'),
      html: null,
      headers: { 'Reply-To': user.email },
    })
  } catch (error) {
    if (!(error instanceof MailFailed)) throw error
    logger.error({ err: error, fate: error.fate }, 'A customer question could not be mailed')
    throw new QuestionNotSent()
  }
}
