import type { z } from 'zod'

/**
 * Says the first problem of a failed parse in one sentence, with the field it is about.
 * @returns a message, and `{ field }` as a dotted path; no field when the whole body is of the wrong kind
 */
export function describeIssue(issues: z.core.$ZodIssue[]): [message: string, details: { field?: string }] {
  const issue = issues[0]
  if (!issue) return ['The request is not valid.', {}]
  const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const field = [...issue.path, ...(unknownKey === undefined ? [] : [unknownKey])].map(String).join('.')
  if (unknownKey !== undefined) return [`There is no field "${field}".`, { field }]
  return field ? [`${field}: ${issue.message}`, { field }] : [issue.message, {}]
}
