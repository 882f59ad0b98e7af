import type { z } from 'zod'

/**
 * Says the first problem of a failed parse in a sentence, with its field.
 * @returns a message, and `{ field }` as a dotted path; no field if the whole body is wrong
 */
export function describeIssue(issues: z.core.$ZodIssue[]): [message: string, details: { field?: string }] {
  const issue = issues[0]
  if (!issue) return ['The request is not valid.', {}]
  const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const field = [...issue.path, ...(unknownKey === undefined ? [] : [unknownKey])].map(String).join('.')
  if (unknownKey !== undefined) return [`There is no field "${field}".`, { field }]
  return field ? [`${field}: ${issue.message}`, { field }] : [issue.message, {}]
}
