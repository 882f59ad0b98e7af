import mongoose from 'mongoose'
import { ZodError } from 'zod'
import { brand } from '../brand.mjs'
import { DomainError } from '../domain-error.ts'
import { logger } from '../log.server.ts'
import { statusOf } from './error-status.ts'
import { describeIssue } from './invalid-fields.ts'

const RETRY_AFTER_SECONDS = 1

/** The error shape of the JSON API: `{ error: { code, message, ...details } }` with the code's status. */
export function errorResponse(
  code: string,
  message: string,
  details: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Response {
  const status = statusOf(code)
  const retry: Record<string, string> = status === 503 ? { 'Retry-After': String(RETRY_AFTER_SECONDS) } : {}
  return Response.json(
    { error: { ...details, code, message } },
    { status, headers: { 'Cache-Control': 'no-store', ...retry, ...headers } },
  )
}

/**
 * Turns an API route's error into its response. A Response passes through, a domain error keeps its code, message and
 * details, and any other error is logged and reported without details.
 * @param headers to send with a domain error
 */
export function apiError(error: unknown, headers: Record<string, string> = {}): Response {
  if (error instanceof Response) return error
  if (error instanceof DomainError) {
    return errorResponse(error.code, error.message, error.details, { ...retryHeaders(error), ...headers })
  }
  if (error instanceof ZodError) return errorResponse('invalid_request', ...describeIssue(error.issues))
  if (isDatabaseTrouble(error)) {
    logger.error({ err: error }, 'The database did not answer a request')
    return errorResponse(
      'service_unavailable',
      'The service is busy. The same request with the same key is safe to repeat.',
    )
  }
  logger.error({ err: error }, 'An API request failed')
  return errorResponse('internal_error', 'Something went wrong on our side.')
}

/**
 * Thrown by a page while the database is down; the error page then says that a retry is safe. This text is for
 * responses without a page, such as a file.
 */
export function unavailable(): Response {
  return new Response(`${brand.name} is temporarily unavailable. Your credits are safe. Try again in a minute.`, {
    status: 503,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Retry-After': String(RETRY_AFTER_SECONDS) },
  })
}

/** The response to a method that a route does not support; `allow` are those that it does. */
export function methodNotAllowed(...allow: string[]): Response {
  const message = `This endpoint accepts only ${allow.join(' and ')}.`
  return errorResponse('method_not_allowed', message, {}, { Allow: allow.join(', ') })
}

/** The Retry-After header of an error that time solves. */
export function retryHeaders(error: DomainError): Record<string, string> {
  const seconds = 'retryAfterSeconds' in error ? error.retryAfterSeconds : error.details.retryAfterSeconds
  return typeof seconds === 'number' ? { 'Retry-After': String(Math.ceil(seconds)) } : {}
}

/** Server codes that mean "not now" (a time limit, an election, a shutdown). */
const TRANSIENT_SERVER_CODES = new Set([50, 89, 91, 189, 262, 10_107, 11_600, 11_602, 13_435])

/** Whether the database was down or too slow, so that the outcome is unknown or nothing was attempted. */
export function isDatabaseTrouble(error: unknown): boolean {
  const { MongoError, MongoServerError, MongoWriteConcernError } = mongoose.mongo
  if (error instanceof MongoWriteConcernError) return true
  if (error instanceof MongoServerError) return TRANSIENT_SERVER_CODES.has(Number(error.code))
  if (error instanceof MongoError || error instanceof mongoose.Error.MongooseServerSelectionError) return true
  return error instanceof mongoose.Error && error.message.includes('bufferCommands')
}
