import { getBalance } from '#app/credits/balance.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { action } from '#app/routes/api.credits.deduct.ts'
import { call, type Caller } from './caller.ts'

export const DEDUCT = '/api/credits/deduct'

/** Posts a deduction. */
export const deduct = (body: unknown, headers: Record<string, string>): Promise<Response> =>
  call(action, DEDUCT, { method: 'POST', body, headers })

/** What a refused request must not change. */
export async function standingOf({ user }: Caller): Promise<{ credits: number; entries: number }> {
  const [{ credits }, { entries }] = await Promise.all([getBalance(user._id), listEntries(user._id)])
  return { credits, entries: entries.length }
}
