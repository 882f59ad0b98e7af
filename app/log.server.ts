import { destination, pino } from 'pino'
import { config } from './config.server.ts'

/** Shapes of secrets and personal data, which must not get into the log, whatever object contains them. */
const SECRET_SHAPES: [RegExp, string][] = [
  [/\b(?:sk|rk|pk)_(?:test|live|scrip)_\w+/g, '[key]'],
  [/\bwhsec_[\w+/=]+/g, '[signing secret]'],
  [/\bBearer\s+[\w.~+/=-]+/gi, 'Bearer [key]'],
  [/\$argon2id?\$[^"\s]+/g, '[password hash]'],
  [/\b((?:mongodb(?:\+srv)?|smtps?|https?):\/\/)[^/@\s"]+@/g, '$1[credentials]@'],
  [/\b[0-9a-f]{24}\.[\w-]{43}\b/g, '[token]'],
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, '[email]'],
]

/** Removes secrets and email addresses from a line, by their shape. */
export function redact(line: string): string {
  return SECRET_SHAPES.reduce((text, [shape, replacement]) => text.replace(shape, replacement), line)
}

/** The fields of errors that are logged. Libraries add much more: whole requests, documents, connection settings. */
const ERROR_FIELDS = ['code', 'codeName', 'status', 'statusCode', 'responseCode', 'command', 'fate'] as const
const CAUSES_MAX = 4

/** The part of an error that is logged: message, stack and codes, and those of its causes. */
export function describeError(error: unknown, depth = 0): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error, message: typeof error === 'string' ? error : 'no error' }
  const codes = ERROR_FIELDS.flatMap((name): [string, unknown][] => {
    const value = (error as unknown as Record<string, unknown>)[name]
    return ['string', 'number', 'boolean'].includes(typeof value) ? [[name, value]] : []
  })
  const cause = error.cause !== undefined && depth < CAUSES_MAX && { cause: describeError(error.cause, depth + 1) }
  return { type: error.name, message: error.message, stack: error.stack, ...Object.fromEntries(codes), ...cause }
}

const { logLevel } = config()

/** Writes one JSON object per line. Log a sentence and ids; never a request, a header or a whole document. */
export const logger = pino(
  {
    level: logLevel,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError, error: describeError },
    redact: {
      paths: ['password', '*.password', 'passwordHash', '*.passwordHash', 'cookie', '*.cookie', 'authorization'],
      censor: '[secret]',
    },
    hooks: { streamWrite: redact },
  },
  destination({ dest: 1, sync: true }),
)
