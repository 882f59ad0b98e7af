import { z } from 'zod'
import { isOneLine } from '#app/person-name.ts'

const DAY_MS = 24 * 60 * 60 * 1000

const keyName = z
  .string('Give the key a name.')
  .trim()
  .min(1, 'Give the key a name.')
  .max(60, 'Use at most 60 characters.')
  .refine(isOneLine, 'Use one line, without invisible characters.')

/** Without these two a key may spend and never expires, as before there was a choice. */
const access = z.enum(['read', 'spend'], 'Choose what the key may do.').default('spend')
const expiry = z
  .enum(['never', '30', '90', '365'], 'Choose when the key expires.')
  .default('never')
  .transform((days) => (days === 'never' ? null : Number(days) * DAY_MS))

export const keyForm = z.discriminatedUnion('intent', [
  z.object({ intent: z.literal('create'), name: keyName, access, expiry }),
  z.object({ intent: z.literal('rotate'), id: z.string() }),
  z.object({ intent: z.literal('revoke'), id: z.string() }),
])
