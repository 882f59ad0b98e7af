import { mongoStore } from '#app/credits/store.server.ts'
import { type CreditEntry, CreditEntryModel } from '#models/credit-entry.server.ts'
import { MemoryStore } from './memory-store.ts'
import type { World } from './simulation.ts'

/** A fresh world over the in-memory double. */
export function memoryWorld(): World {
  const store = new MemoryStore()
  return { store, ledger: async (accountId) => store.ledger(accountId) }
}

/** The world over the real database that the test is connected to. */
export function databaseWorld(): World {
  const ledger: World['ledger'] = async (accountId) => {
    const rows = await CreditEntryModel.collection.find({ accountId }).sort({ seq: 1 }).toArray()
    return rows as unknown as CreditEntry[]
  }
  return { store: mongoStore, ledger }
}
