import { z } from 'zod'
import { API_ERROR_CODES } from './api-errors.ts'

const enough = z.boolean().describe('Whether the call succeeds after it.')
const price = { amount: z.int().optional(), currency: z.string().optional() }
const url = z.string().describe('A page for a person; a path is one of this site.')

/** What helps after a refusal, with its cost today. */
export const option = z.discriminatedUnion('type', [
  z.strictObject({
    ...{ type: z.literal('pack'), pack: z.string(), credits: z.int(), amount: z.int(), currency: z.string() },
    ...{ url, enough },
  }),
  z.strictObject({
    type: z.literal('plan'),
    plan: z.string(),
    interval: z.enum(['month', 'year']),
    credits: z.int().optional(),
    ...price,
    renewal: z.strictObject({ amount: z.int(), currency: z.string(), credits: z.int() }).optional(),
    trialDays: z.int().optional(),
    ...{ url, enough },
  }),
  z.strictObject({ type: z.literal('wait'), credits: z.int(), at: z.iso.datetime(), enough }),
  z.strictObject({ type: z.literal(['update_payment_method', 'confirm_payment']), ...price, url, enough }),
  z.strictObject({ type: z.literal(['resume_spending', 'change_cap']), url, enough }),
  z.strictObject({ type: z.literal('resume_plan'), ...price, credits: z.int().optional(), url, enough }),
])

/** What every error looks like. `error` has further figures, which depend on its code. */
export const errorAnswer = z.strictObject({
  error: z.looseObject({
    code: z.enum(API_ERROR_CODES).describe('What happened: compare this, not the message.'),
    message: z.string().describe('A sentence for a person. Its wording may change.'),
    field: z.string().optional().describe('The first wrong field of the request.'),
    required: z.int().optional().describe('Credits that the call needs.'),
    available: z.int().optional().describe('Credits that the account has.'),
    options: z.array(option).optional().describe('What helps, the nearest first.'),
  }),
})
