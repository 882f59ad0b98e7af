import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DomainError } from '#app/domain-error.ts'
import { readJson } from '#app/http/read-json.server.ts'

const schema = z.strictObject({ credits: z.int().min(1), note: z.string().optional() })

function post(body: string, type = 'application/json') {
  return new Request('http://localhost/api/x', { method: 'POST', body, headers: { 'Content-Type': type } })
}

async function refusalOf(request: Request): Promise<{ code: string; details: unknown }> {
  try {
    await readJson(request, schema)
  } catch (error) {
    if (error instanceof DomainError) return { code: error.code, details: error.details }
    throw error
  }
  throw new Error('The body was taken')
}

describe('readJson', () => {
  test('a valid body is returned as the schema parses it', async () => {
    expect(await readJson(post('{"credits":3}', 'application/json; charset=utf-8'), schema)).toEqual({ credits: 3 })
  })

  test.each([
    ['text/plain', 'a form on another site can send it without a preflight'],
    ['application/x-www-form-urlencoded', 'a form can send this as well'],
    ['application/jsonp', 'it only begins like JSON'],
    ['', 'the type is missing'],
  ])('the content type %j is refused: %s', async (type) => {
    expect(await refusalOf(post('{"credits":3}', type))).toMatchObject({ code: 'unsupported_media_type' })
  })

  test.each([
    ['{"credits":"3"}', 'credits'],
    ['{"credits":{"$gt":""}}', 'credits'],
    ['{"credits":0.5}', 'credits'],
    ['{}', 'credits'],
    ['{"credits":3,"userId":"x"}', 'userId'],
    ['{"credits":3,"__proto__":{"note":"x"}}', '__proto__'],
    ['{"credits":3,"note":["x"]}', 'note'],
  ])('the wrong field is named in %s', async (body, field) => {
    expect(await refusalOf(post(body))).toEqual({ code: 'invalid_request', details: { field } })
  })

  test.each(['', '{', 'null', '[]', '"x"'])('%j is refused as a body', async (body) => {
    expect(await refusalOf(post(body))).toMatchObject({ code: 'invalid_request' })
  })

  test('a body over the limit is refused, even if the server let it through', async () => {
    const long = JSON.stringify({ credits: 1, note: 'x'.repeat(70_000) })
    expect(await refusalOf(post(long))).toMatchObject({ code: 'payload_too_large' })
  })
})
