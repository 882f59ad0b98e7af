import { parseWithZod } from '@conform-to/zod/v4'
import type { User } from '#models/user.server.ts'
import { consumeAttempt, hasTryLeft } from '../auth/rate-limit.server.ts'
import { invalidForm, refusedForm, savedForm } from '../http/form-failure.server.ts'
import { readFormData } from '../http/read-form-data.server.ts'
import { questionForm } from './question.ts'
import { sendQuestion } from './send-question.server.ts'

const NONCE = /^[0-9a-f-]{36}$/

/** Takes a customer's question from its form and mails it to the shop. */
export async function answerQuestion(request: Request, user: User, options: { isPriority: boolean }) {
  const form = await readFormData(request)
  const submission = parseWithZod(form, { schema: questionForm })
  if (submission.status !== 'success') return invalidForm(submission)
  try {
    if (!(await isFirstPress(user, form.get('nonce')))) return savedForm(submission, { empty: true })
    await consumeAttempt('support', user._id.toHexString())
    await sendQuestion(user, submission.value, options)
    return savedForm(submission, { empty: true })
  } catch (error) {
    return refusedForm(submission, error)
  }
}

/** Without JavaScript nothing prevents a second press; a form without its nonce counts as pressed once. */
async function isFirstPress({ _id }: Pick<User, '_id'>, nonce: unknown): Promise<boolean> {
  if (typeof nonce !== 'string' || !NONCE.test(nonce)) return true
  return hasTryLeft('supportForm', `${_id.toHexString()}:${nonce}`)
}
