import { z } from 'zod'

const TEXT_MIN = 10
const TEXT_MAX = 5_000

/** A customer's question. The subject becomes that of a mail, so it is one line. */
export const questionForm = z.object({
  subject: z
    .string('Enter a subject.')
    .trim()
    .max(120, 'Use at most 120 characters.')
    .regex(/^[^\p{Cc}]*$/u, 'Use one line of text.'),
  question: z
    .string('Enter your question.')
    .trim()
    .min(TEXT_MIN, `Use at least ${TEXT_MIN} characters.`)
    .max(TEXT_MAX, `Use at most ${TEXT_MAX} characters.`),
})

export type Question = z.output<typeof questionForm>
