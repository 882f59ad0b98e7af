import { z } from 'zod'
import { KIND_NAMES, KIND_GROUPS } from '../usage/kinds.ts'

/*
 * What the API answers, for its description. Tests compare real answers with it; at run time nothing does.
 */

export const time = z.iso.datetime()
const credits = z.int()

export const deductionAnswer = z.strictObject({
  success: z.literal(true),
  credits: credits.describe('What can be spent now.'),
  entryId: z.string().describe('The entry in the ledger.'),
})

export const holdAnswer = z.strictObject({
  hold: z.strictObject({
    id: z.string().describe('For capturing or releasing it.'),
    credits: credits.describe('What it sets aside.'),
    expiresAt: time.describe('When it is released by itself.'),
  }),
  credits: credits.describe('What can be spent now.'),
})

export const releaseAnswer = z.strictObject({
  success: z.literal(true),
  released: credits.describe('What can be spent again.'),
  credits: credits.describe('What can be spent now.'),
  entryId: z.string().describe('The entry in the ledger.'),
})

export const captureAnswer = releaseAnswer.extend({
  captured: credits.describe('What was spent.'),
})

export const balanceAnswer = z.strictObject({
  credits: credits.describe('What could be spent; below zero after a refund took back credits that were spent.'),
  held: credits.describe('What open holds set aside.'),
  at: time.describe('The moment that this is true for.'),
})

const GROUP_NAMES: string[] = KIND_GROUPS.map(({ id }) => id)
const kind = z.enum(KIND_NAMES.filter((name) => !GROUP_NAMES.includes(name)))

export const entry = z.strictObject({
  id: z.string(),
  seq: z.int().describe('Counts the entries of the account from 0 without a gap.'),
  kind: kind.describe('What happened.'),
  credits: credits.describe('What it added, or below zero what it took. A hold moves nothing.'),
  balance: credits.describe('Spendable and held credits together, after it.'),
  at: time,
  action: z.string().nullable(),
  source: z
    .strictObject({ type: z.string(), id: z.string(), reason: z.string().optional() })
    .describe('The invoice, payment, action or person behind it.'),
  hold: z
    .strictObject({ id: z.string(), credits, expiresAt: time.nullable() })
    .nullable()
    .describe('The hold that it placed or ended.'),
  burned: z
    .array(z.strictObject({ grant: z.string(), credits }))
    .describe('Which credits it used, by the grant that they came from.'),
  metadata: z.record(z.string(), z.string()).describe('As the request had it.'),
})

export const entriesAnswer = z.strictObject({
  entries: z.array(entry).describe('The newest first.'),
  nextBefore: z.int().nullable().describe('Send it as before to get the next page; `null` at the end.'),
})

const figures = {
  spent: credits.describe('What was spent.'),
  added: credits.describe('What was bought, granted or given back.'),
  removed: credits.describe('What expired or was taken back.'),
  net: z.int().describe('added less spent and removed.'),
}

const ofAction = z.strictObject({
  action: z.string().nullable().describe('`null` for all further actions of a day with more than a hundred.'),
  spent: credits,
})

const day = z.iso.date()

export const usageAnswer = z.strictObject({
  from: day.describe('The first day.'),
  to: day.describe('The day after the last.'),
  timeZone: z.string().describe('Where the days begin.'),
  totals: z.strictObject(figures),
  days: z
    .array(z.strictObject({ day, ...figures, actions: z.array(ofAction).optional() }))
    .optional()
    .describe('By day: each day, the first one first; by day and action, with what was spent on each action.'),
  actions: z.array(ofAction).optional().describe('By action: the most expensive first.'),
})

export const checkoutAnswer = z.strictObject({
  url: z.url().describe('Where the customer pays. Credits are added after that.'),
})
