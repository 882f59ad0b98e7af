import { z } from 'zod'
import { nameProblem } from '../person-name.ts'
import { email } from './email-address.ts'
import { isKnownZone } from './time-zone.ts'

/** Characters of a password. The upper bound limits the cost of hashing. */
export const PASSWORD_MIN = 8
export const PASSWORD_MAX = 256

/** A new password; new-password.server.ts refuses those that are easy to guess. */
export const newPassword = z
  .string('Enter a password.')
  .min(PASSWORD_MIN, `Use at least ${PASSWORD_MIN} characters.`)
  .max(PASSWORD_MAX, `Use at most ${PASSWORD_MAX} characters.`)

/** An existing password: only its length is checked before the comparison. */
export const currentPassword = z
  .string('Enter your password.')
  .max(PASSWORD_MAX, `Use at most ${PASSWORD_MAX} characters.`)

/** A name appears in mails and on pages. */
export const personName = z
  .string()
  .trim()
  .superRefine((name, context) => {
    const problem = nameProblem(name)
    if (problem) context.addIssue(problem)
  })
  .optional()
  .transform((value) => value ?? '')

export const logInForm = z.object({ email, password: currentPassword })

/** The browser's time zone. An unknown one is not an error: the account gets UTC. */
const timeZone = z.string().refine(isKnownZone).optional().catch(undefined)

export const signUpForm = z.object({ name: personName, email, password: newPassword, timeZone })

export type Credentials = z.output<typeof logInForm>
export type SignUp = z.output<typeof signUpForm>
