import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Types } from 'mongoose'
import { z } from 'zod'
import { defineAction, type PaidAction } from '#app/actions/registry.ts'
import type { ActionRequest } from '#app/actions/run-action.server.ts'
import { findPlan } from '#app/billing/plans.ts'
import { openAccount } from '#app/credits/account.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'

const DAY_MS = 24 * 60 * 60_000

interface Behavior {
  used?: number
  fails?: boolean
  takesMs?: number
  timeoutMs?: number
  feature?: PaidAction['feature']
  limit?: PaidAction['limit']
}

/** An action of two credits a page that behaves as the test asks, and counts its runs. */
export function pagesAction({ used, fails, takesMs = 0, timeoutMs, feature, limit }: Behavior = {}) {
  const counter = { runs: 0 }
  const action = defineAction({
    id: 'pages',
    title: 'Pages',
    summary: 'Counts pages.',
    unit: { one: 'page', many: 'pages', credits: 2 },
    fields: [],
    feature,
    limit,
    timeoutMs,
    input: z.object({ pages: z.int({ error: 'How many pages?' }).min(1) }),
    units: ({ pages }) => pages,
    async run({ pages }) {
      counter.runs++
      await sleep(takesMs)
      if (fails) throw new Error('the printer burns')
      return {
        unitsUsed: used ?? pages,
        facts: { Pages: String(pages), Run: String(counter.runs) },
        files: [
          { name: 'pages.txt', contentType: 'text/plain', label: 'Text', body: new TextEncoder().encode('pages') },
        ],
      }
    },
  })
  return { action, counter }
}

/** A request for twelve pages by a new account on Free with 100 credits. */
export async function request(action: PaidAction, change: Partial<ActionRequest> = {}): Promise<ActionRequest> {
  const plan = findPlan('Free')
  if (!plan) throw new Error('no plan Free')
  const accountId = new Types.ObjectId()
  await openAccount(accountId, { welcomeCredits: 100 })
  const limitsResetAt = new Date(Date.now() + 30 * DAY_MS)
  return { accountId, plan, limitsResetAt, action, input: { pages: 12 }, key: randomUUID(), ...change }
}

export async function balanceOf({ accountId }: ActionRequest) {
  const { credits, held } = await getBalance(accountId)
  return { credits, held }
}

export const kindsOf = async ({ accountId }: ActionRequest): Promise<string[]> =>
  (await listEntries(accountId)).entries.map(({ kind }) => kind).reverse()
