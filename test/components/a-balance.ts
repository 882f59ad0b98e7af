import type { Balance } from '#app/credits/balance.server.ts'

/** The balance of an account in which nothing is reserved, owed or waiting. */
export const aBalance = (changes: Partial<Balance> = {}): Balance => ({
  credits: 100,
  held: 0,
  debt: 0,
  frozen: null,
  holds: [],
  grants: [],
  nextExpiry: null,
  nextArrival: null,
  ...changes,
})
