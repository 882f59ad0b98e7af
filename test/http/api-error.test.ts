import mongoose from 'mongoose'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { CreditsUnavailable, InsufficientCredits } from '#app/credits/errors.ts'
import { apiError, methodNotAllowed } from '#app/http/api-error.server.ts'
import { STATUS_OF_CODE } from '#app/http/error-status.ts'
import { RateLimited } from '#app/http/errors.ts'

const bodyOf = async (response: Response) => ((await response.json()) as { error: Record<string, unknown> }).error

describe('apiError', () => {
  test('an error has its code, its message and its numbers', async () => {
    const response = apiError(new InsufficientCredits(24, 9))

    expect(response.status).toBe(402)
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(await bodyOf(response)).toEqual({
      code: 'insufficient_credits',
      message: 'This needs 24 credits and you have 9.',
      required: 24,
      available: 9,
    })
  })

  test('an error says when to retry', () => {
    expect(apiError(new RateLimited(90)).headers.get('Retry-After')).toBe('90')
    expect(apiError(new CreditsUnavailable()).headers.get('Retry-After')).toBe('2')
  })

  test('a failed parse names the field', async () => {
    const { error } = z.strictObject({ credits: z.int() }).safeParse({ credits: 1, extra: 1 })
    const response = apiError(error)

    expect(response.status).toBe(400)
    expect(await bodyOf(response)).toMatchObject({ code: 'invalid_request', field: 'extra' })
  })

  test('an unknown outcome at the database is answered with 503', async () => {
    for (const error of [
      new mongoose.mongo.MongoNetworkError('gone'),
      new mongoose.mongo.MongoServerError({ message: 'slow', code: 50 }),
      new mongoose.Error.MongooseServerSelectionError('away'),
    ]) {
      const response = apiError(error)
      expect(response.status).toBe(503)
      expect(response.headers.get('Retry-After')).toBe('1')
    }
  })

  test('an internal failure reveals nothing', async () => {
    const response = apiError(new Error('mongodb://user:secret@db'))

    expect(response.status).toBe(500)
    expect(await bodyOf(response)).toEqual({ code: 'internal_error', message: 'Something went wrong on our side.' })
  })

  test('a thrown Response passes unchanged', () => {
    const response = new Response(null, { status: 401 })
    expect(apiError(response)).toBe(response)
  })
})

test('methodNotAllowed lists the allowed methods', async () => {
  const response = methodNotAllowed('POST', 'DELETE')

  expect(response.status).toBe(405)
  expect(response.headers.get('Allow')).toBe('POST, DELETE')
  expect(await bodyOf(response)).toMatchObject({ code: 'method_not_allowed' })
})

test('the code of every error class is in the table of statuses', () => {
  const files = readdirSync('app', { recursive: true, encoding: 'utf8' }).filter((file) => /errors.*\.ts$/.test(file))
  const codes = files.flatMap((file) => {
    const text = readFileSync(path.join('app', file), 'utf8')
    const declared = [...text.matchAll(/readonly code(?:: ([^=\n]+)| = ([^\n]+))/g)]
    return declared.flatMap(([, type, value]) =>
      [...(type ?? value ?? '').matchAll(/'(\w+)'/g)].map((match) => match[1]),
    )
  })

  expect(codes.length).toBeGreaterThan(10)
  expect(codes.filter((code) => !(code! in STATUS_OF_CODE))).toEqual([])
})
