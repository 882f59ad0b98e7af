import { accountCalls } from './account-calls.server.ts'
import type { ApiCall } from './api-call.ts'
import { creditsCalls } from './credits-calls.server.ts'
import { holdsCalls } from './holds-calls.server.ts'
import { ledgerCalls } from './ledger-calls.server.ts'
import { runsCalls } from './runs-calls.server.ts'

/** Every call of the API, in the order of the reference. The webhook is not one of them: only Stripe calls it. */
export const API_CALLS: ApiCall[] = [...creditsCalls, ...holdsCalls, ...runsCalls, ...ledgerCalls, ...accountCalls]
