import { addressOf, type ApiCall } from './api-call.ts'

/** Stands for a key of the reader, which is not stored. */
export const KEY_PLACEHOLDER = 'YOUR_API_KEY'
const IDEMPOTENCY_KEY = 'order-1042'

function headersOf({ idempotencyKey, body }: ApiCall): [name: string, value: string][] {
  return [
    ['Authorization', `Bearer ${KEY_PLACEHOLDER}`],
    ...(idempotencyKey ? [['Idempotency-Key', IDEMPOTENCY_KEY] as [string, string]] : []),
    ...(body ? [['Content-Type', 'application/json'] as [string, string]] : []),
  ]
}

/** The example of a call as a command for a shell. */
export function curlOf(call: ApiCall, appUrl: string): string {
  const { method, example, answer } = call
  return [
    `curl "${appUrl}${addressOf(call)}"`,
    ...(method === 'GET' ? [] : [`-X ${method}`]),
    ...headersOf(call).map(([name, value]) => `-H "${name}: ${value}"`),
    // In single quotes nothing but a single quote ends the text.
    ...(call.body ? [`-d '${JSON.stringify(example.body).replaceAll("'", String.raw`'\''`)}'`] : []),
    ...(answer.name ? [] : ['-o result']),
  ].join(' \\\n  ')
}

/** The example of a call as TypeScript, which runs as it is. */
export function fetchOf(call: ApiCall, appUrl: string): string {
  const { method, example, answer } = call
  const headers = headersOf(call).map(([name, value]) => `    ${nameOf(name)}: '${value}',`)
  return [
    `const response = await fetch(${quoted(appUrl + addressOf(call))}, {`,
    ...(method === 'GET' ? [] : [`  method: '${method}',`]),
    '  headers: {',
    ...headers,
    '  },',
    ...(call.body ? [`  body: JSON.stringify(${literal(example.body)}),`] : []),
    '})',
    answer.name
      ? 'if (!response.ok) throw new Error((await response.json()).error.code)'
      : 'if (!response.ok) throw new Error(String(response.status))',
    answer.name ? 'const result = await response.json()' : 'const file = await response.arrayBuffer()',
  ].join('\n')
}

const quoted = (text: string): string => `'${text.replace(/['\\]/g, String.raw`\$&`)}'`

/** A value as TypeScript writes it. */
function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(([name, field]) => `${nameOf(name)}: ${literal(field)}`)
  return `{ ${fields.join(', ')} }`
}

const nameOf = (name: string): string => (/^[A-Za-z]\w*$/.test(name) ? name : quoted(name))
