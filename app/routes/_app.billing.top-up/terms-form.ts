import { z } from 'zod'
import { GRANT_MAX } from '#app/credits/credits.ts'
import { findPack } from '#app/billing/plans.ts'
import type { TopUpTerms } from '#app/billing/top-up/terms.ts'
import { minorDigits } from '#app/format.ts'

const TIMES_MAX = 30
const MONEY_MAX = 1_000_000

const BELOW_RULE = 'Enter a whole number of credits from 1.'
const TIMES_RULE = `Enter a whole number from 1 to ${TIMES_MAX}.`
const MONEY_RULE = 'Enter an amount of money, such as 60 or 60.50.'

const digits = (rule: string, max: number) =>
  z
    .string(rule)
    .transform((text) => text.replace(/[\s,]/g, ''))
    .refine((text) => /^\d{1,10}$/.test(text) && Number(text) >= 1 && Number(text) <= max, rule)
    .transform(Number)

/** What the customer fills in, and the button that was pressed. Money is in units of the pack's currency. */
export const termsForm = z
  .object({
    intent: z.enum(['review', 'turn-on']),
    pack: z.string('Choose a pack.').refine((id) => findPack(id), 'Choose a pack.'),
    below: digits(BELOW_RULE, GRANT_MAX),
    timesMax: digits(TIMES_RULE, TIMES_MAX),
    amountMax: z
      .string(MONEY_RULE)
      .transform((text) => text.replace(/[\s,]/g, ''))
      .refine((text) => /^\d{1,7}(\.\d{1,3})?$/.test(text) && Number(text) <= MONEY_MAX, MONEY_RULE),
    /** The pack's price that the review named, in minor units. */
    price: z.coerce.number().int().optional(),
  })
  .transform(({ amountMax, ...form }, context) => {
    const { price } = findPack(form.pack)!
    const minor = Math.round(Number(amountMax) * 10 ** minorDigits(price.currency))
    if (minor < price.amount) {
      context.addIssue({ code: 'custom', path: ['amountMax'], message: 'This is less than the pack costs.' })
    }
    return { ...form, amountMax: minor }
  })

/** The terms alone. */
export const termsOf = ({ pack, below, timesMax, amountMax }: z.output<typeof termsForm>): TopUpTerms => ({
  ...{ pack, below, timesMax, amountMax },
})
