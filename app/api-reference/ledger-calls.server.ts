import { entriesQuery } from '../usage/entries-query.ts'
import { usageQuery } from '../usage/usage-query.ts'
import { entriesAnswer, usageAnswer } from './answers.ts'
import type { ApiCall } from './api-call.ts'
import { OF_AN_ACCOUNT } from './credits-calls.server.ts'

export const ledgerCalls: ApiCall[] = [
  {
    id: 'listEntries',
    group: 'Ledger and usage',
    method: 'GET',
    path: '/api/credits/entries',
    title: 'List the ledger',
    about: 'Returns what has moved credits, the newest first, in pages or as one CSV file.',
    query: entriesQuery,
    answer: {
      status: 200,
      about: 'A page of entries.',
      name: 'Entries',
      schema: entriesAnswer,
      example: {
        entries: [
          {
            id: '6814a1c0f2b7d3e4a5968701:api:spend:order-1042',
            seq: 87,
            kind: 'spend',
            credits: -10,
            balance: 1830,
            at: '2026-04-30T16:20:05.000Z',
            action: 'translate',
            source: { type: 'action', id: 'translate' },
            hold: null,
            burned: [{ grant: 'g:stripe:invoice:in_1Q2w3E', credits: 10 }],
            metadata: { document: '1042' },
          },
        ],
        nextBefore: 87,
      },
      orCsv: true,
    },
    errors: OF_AN_ACCOUNT,
    example: { query: { kind: 'spent', from: '2026-04-01', limit: '1' } },
  },
  {
    id: 'getUsage',
    group: 'Ledger and usage',
    method: 'GET',
    path: '/api/usage',
    title: 'Get the usage',
    about:
      'Returns what was spent, added and removed, by day, by action, or by both: the last 30 days, or up to 366 of your choice.',
    query: usageQuery,
    answer: {
      status: 200,
      about: 'The sums.',
      name: 'Usage',
      schema: usageAnswer,
      example: {
        from: '2026-04-01',
        to: '2026-04-03',
        timeZone: 'Europe/Berlin',
        totals: { spent: 42, added: 2000, removed: 0, net: 1958 },
        days: [
          {
            ...{ day: '2026-04-01', spent: 0, added: 2000, removed: 0, net: 2000 },
            actions: [],
          },
          {
            ...{ day: '2026-04-02', spent: 42, added: 0, removed: 0, net: -42 },
            actions: [{ action: 'translate', spent: 42 }],
          },
        ],
        actions: [{ action: 'translate', spent: 42 }],
      },
    },
    errors: OF_AN_ACCOUNT,
    example: { query: { from: '2026-04-01', to: '2026-04-03', by: 'day,action', timeZone: 'Europe/Berlin' } },
  },
]
