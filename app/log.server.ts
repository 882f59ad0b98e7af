import { destination, pino } from 'pino'
import { config } from './config.server.ts'

/** Shapes of secrets and personal data: whatever object carried them into the log, they do not leave it. */
const SECRET_SHAPES: [RegExp, string][] = [
  [/\b(?:sk|rk|pk)_(?:test|live|scrip)_\w+/g, '[key]'],
  [/\bwhsec_[\w+/=]+/g, '[signing secret]'],
  [/\bBearer\s+[\w.~+/=-]+/gi, 'Bearer [key]'],
  [/\$argon2id?\$[^"\s]+/g, '[password hash]'],
  [/\b((?:mongodb(?:\+srv)?|smtps?|https?):\/\/)[^/@\s"]+@/g, '$1[credentials]@'],
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, '[email]'],
]

/** Takes secrets and e-mail addresses out of a line by their shape. */
export function redact(line: string): string {
  return SECRET_SHAPES.reduce((text, [shape, replacement]) => text.replace(shape, replacement), line)
}

const { logLevel } = config()

/** One JSON object a line. Log a sentence and ids; never a request, a header or a whole document. */
export const logger = pino(
  {
    level: logLevel,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['password', '*.password', 'passwordHash', '*.passwordHash', 'cookie', '*.cookie', 'authorization'],
      censor: '[secret]',
    },
    hooks: { streamWrite: redact },
  },
  destination({ dest: 1, sync: true }),
)
