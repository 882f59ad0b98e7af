import { z } from 'zod'
import { personName } from './credentials.ts'
import { isKnownZone } from './time-zone.ts'

export const profileForm = z.object({
  name: personName,
  timeZone: z.string().refine(isKnownZone, 'Choose a time zone from the list.'),
})

export type Profile = z.output<typeof profileForm>
