import type { Submission, SubmissionResult } from '@conform-to/react'
import { data } from '@remix-run/node'
import { DomainError } from '../domain-error.ts'
import { isDatabaseTrouble, retryHeaders, unavailable } from './api-error.server.ts'
import { statusOf } from './error-status.ts'

// Passwords are never sent back to a page.
const HIDDEN_FIELDS = ['password', 'currentPassword', 'newPassword']

/** The answer to a form that did not parse: its values without passwords, and what to change. */
export function invalidForm<Schema>(submission: Submission<Schema>) {
  return formAnswer(submission.reply({ hideFields: HIDDEN_FIELDS }), 400)
}

/**
 * The answer to a form whose operation was refused.
 * @param field which the error is about; the whole form if left out
 * @throws any error that the sender cannot act on; a 503 response if the database is down
 */
export function refusedForm<Schema>(submission: Submission<Schema>, error: unknown, field?: string) {
  if (isDatabaseTrouble(error)) throw unavailable()
  if (!(error instanceof DomainError)) throw error
  const errors = field ? { fieldErrors: { [field]: [error.message] } } : { formErrors: [error.message] }
  const result = submission.reply({ ...errors, hideFields: HIDDEN_FIELDS })
  return formAnswer(result, statusOf(error.code), retryHeaders(error))
}

/**
 * The answer to a form without fields whose operation was refused: one sentence, for its summary.
 * @throws any error that the sender cannot act on
 */
export function problemAnswer(error: unknown) {
  if (!(error instanceof DomainError)) throw error
  return data({ problem: error.message }, { status: statusOf(error.code), headers: retryHeaders(error) })
}

/** Throws a refusal that a loader met as an error page with its status. */
export function refuseVisit(error: unknown): never {
  if (!(error instanceof DomainError)) throw error
  throw data(null, { status: statusOf(error.code), headers: retryHeaders(error) })
}

/** The answer to a successful form that stays on its page, empty or with the saved values. */
export function savedForm<Schema>(submission: Submission<Schema>, { empty = false } = {}) {
  return data({ result: submission.reply({ resetForm: empty, hideFields: HIDDEN_FIELDS }), saved: true })
}

function formAnswer(result: SubmissionResult, status: number, headers: Record<string, string> = {}) {
  return data({ result, saved: false }, { status, headers })
}
