import { STATUS_OF_CODE } from '../http/error-status.ts'
import { type ApiCall, errorsOf, scopeOf } from './api-call.ts'
import { API_ERROR_CODES, API_ERRORS } from './api-errors.ts'
import { API_CALLS } from './calls.server.ts'
import { curlOf, fetchOf } from './examples.ts'
import { type JsonSchema, toJsonSchema } from './json-schema.ts'

/** A parameter, or a field of a body or an answer. */
export interface FieldRow {
  /** Fields of fields with dots: `hold.id`, `entries[].seq`. */
  name: string
  type: string
  isRequired: boolean
  about: string
}

export type CallView = ReturnType<typeof toCallView>

/** All of the reference page that follows from the table of calls. */
export function referenceView(appUrl: string) {
  const calls = API_CALLS.map((call) => toCallView(call, appUrl))
  const groups = [...new Set(API_CALLS.map(({ group }) => group))]
  return {
    groups: groups.map((name) => ({ name, calls: calls.filter(({ group }) => group === name) })),
    errors: API_ERROR_CODES.map((code) => ({ code, status: STATUS_OF_CODE[code], ...API_ERRORS[code] })),
  }
}

function toCallView(call: ApiCall, appUrl: string) {
  const { id, group, method, path, title, about, answer } = call
  return {
    ...{ id, group, method, path, title, about },
    scope: scopeOf(call),
    parameters: parametersOf(call),
    body: call.body ? fieldsOf(toJsonSchema(call.body.schema, 'input')) : [],
    answer: {
      status: answer.status,
      about: answer.about,
      fields: answer.name ? fieldsOf(toJsonSchema(answer.schema, 'output')) : [],
      example: answer.name ? JSON.stringify(answer.example, null, 2) : null,
    },
    errors: errorsOf(call).map((code) => ({ code, status: STATUS_OF_CODE[code] })),
    curl: curlOf(call, appUrl),
    fetch: fetchOf(call, appUrl),
  }
}

function parametersOf({ pathParameters = {}, query, idempotencyKey }: ApiCall): FieldRow[] {
  return [
    ...Object.entries(pathParameters).map(([name, about]) => ({
      ...{ name: `{${name}}`, type: 'in the path', isRequired: true, about },
    })),
    ...(query ? fieldsOf(toJsonSchema(query, 'input')) : []),
    ...(idempotencyKey
      ? [
          {
            name: 'Idempotency-Key',
            type: 'header',
            isRequired: idempotencyKey === 'required',
            about: 'A text of your own for this operation, the same with each retry.',
          },
        ]
      : []),
  ]
}

/** The fields of an object, with those of the objects in it; of several alternatives, those of each. */
function fieldsOf(schema: JsonSchema, before = ''): FieldRow[] {
  const alternatives = (schema.anyOf ?? schema.oneOf ?? [schema]).filter(({ type }) => type !== 'null')
  return alternatives.flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).flatMap(([key, field]) => {
      const name = before + key
      const isList = field.items !== undefined
      const row = {
        name,
        type: typeOf(field),
        isRequired: alternatives.length === 1 && required.includes(key),
        about: aboutOf(field),
      }
      return [row, ...fieldsOf(field.items ?? field, `${name}${isList ? '[]' : ''}.`)]
    }),
  )
}

function aboutOf({ description = '', default: given }: JsonSchema): string {
  const byDefault = typeof given === 'string' || typeof given === 'number' ? `${given} if left out.` : ''
  return [description, byDefault].filter(Boolean).join(' ')
}

/** "whole number, 1 to 100", "text or `null`". */
function typeOf(schema: JsonSchema): string {
  const alternatives = schema.anyOf ?? schema.oneOf
  if (alternatives) return [...new Set(alternatives.map(typeOf))].join(' or ')
  const types = [schema.type ?? []].flat().map((type) => NAMES[type] ?? type)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.join(', ')
  if (schema.format === 'date') return 'day'
  if (schema.format === 'date-time') return 'time'
  return [types.join(' or '), rangeOf(schema)].filter(Boolean).join(', ')
}

function rangeOf({ minimum, maximum }: JsonSchema): string {
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`
  return minimum !== undefined ? `from ${minimum}` : ''
}

const NAMES: Record<string, string> = {
  integer: 'whole number',
  string: 'text',
  boolean: 'true or false',
  array: 'list',
  null: '`null`',
}
