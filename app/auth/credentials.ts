import { z } from 'zod'

/** Characters of a password. The upper bound keeps the work of hashing one bounded. */
export const PASSWORD_MIN = 8
export const PASSWORD_MAX = 256

/** One plain address. Lower case here, because the database's unique index compares letter by letter. */
export const email = z
  .string('Enter your email.')
  .trim()
  .toLowerCase()
  .max(254, 'Enter a shorter email.')
  .pipe(z.email('Enter an email like name@example.com.'))

/** A password somebody chooses. */
export const newPassword = z
  .string('Enter a password.')
  .min(PASSWORD_MIN, `Use at least ${PASSWORD_MIN} characters.`)
  .max(PASSWORD_MAX, `Use at most ${PASSWORD_MAX} characters.`)

/** A password somebody has: nothing but its length is checked before it is compared. */
export const currentPassword = z
  .string('Enter your password.')
  .max(PASSWORD_MAX, `Use at most ${PASSWORD_MAX} characters.`)

/** A name goes into mails and pages: one line of text. */
export const personName = z
  .string()
  .trim()
  .max(100, 'Use at most 100 characters.')
  .regex(/^\P{C}*$/u, 'Use letters only, on one line.')
  .optional()
  .transform((value) => value ?? '')

export const logInForm = z.object({ email, password: currentPassword })
export const signUpForm = z.object({ name: personName, email, password: newPassword })

export type Credentials = z.output<typeof logInForm>
export type SignUp = z.output<typeof signUpForm>
