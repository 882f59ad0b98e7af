import { z } from 'zod'
import { personName } from './credentials.ts'

/** Every zone whose name Node knows, with UTC first. */
export const TIME_ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')]

export const profileForm = z.object({
  name: personName,
  timeZone: z.string().refine((zone) => TIME_ZONES.includes(zone), 'Choose a time zone from the list.'),
})

export type Profile = z.output<typeof profileForm>
