import { randomUUID } from 'node:crypto'
import mongoose from 'mongoose'
import { logger } from '../../log.server.ts'

/** One document: when the last complete run started, and which process runs now. */
interface RunState {
  _id: string
  lastStart: Date | null
  lease: string | null
  leaseUntil: Date
}

export interface Run {
  lease: string
  lastStart: Date | null
  stopRenewing: () => void
}

const ID = 'stripe'
/** How long a dead process blocks the others; a live one renews its lease. */
const LEASE_MS = 60_000
const RENEWALS_A_LEASE = 3
const DUPLICATE_KEY = 11_000

const states = () => mongoose.connection.collection<RunState>('reconcile_runs')

/**
 * Takes the lease: two runs at once would be harmless, but ask Stripe for everything twice. Uses the machine's clock,
 * since local mode moves the app's.
 * @returns null when another process holds it
 */
export async function startRun(): Promise<Run | null> {
  const lease = randomUUID()
  const at = new Date()
  try {
    const before = await states().findOneAndUpdate(
      { _id: ID, leaseUntil: { $lte: at } },
      { $set: { lease, leaseUntil: new Date(at.getTime() + LEASE_MS) }, $setOnInsert: { lastStart: null } },
      { upsert: true },
    )
    return { lease, lastStart: before?.lastStart ?? null, stopRenewing: renew(lease) }
  } catch (error) {
    if (error instanceof mongoose.mongo.MongoServerError && error.code === DUPLICATE_KEY) return null
    throw error
  }
}

function renew(lease: string): () => void {
  const timer = setInterval(() => {
    const leaseUntil = new Date(Date.now() + LEASE_MS)
    states()
      .updateOne({ _id: ID, lease }, { $set: { leaseUntil } })
      .catch((error: unknown) => logger.warn({ err: error }, 'The lease of reconcile was not renewed'))
  }, LEASE_MS / RENEWALS_A_LEASE).unref()
  return () => clearInterval(timer)
}

/**
 * Returns the lease.
 * @param startedAt when a complete run began, so that the next one starts there; null after one that was not complete
 */
export async function finishRun({ lease, stopRenewing }: Run, startedAt: Date | null): Promise<void> {
  stopRenewing()
  await states().updateOne(
    { _id: ID, lease },
    { $set: { lease: null, leaseUntil: new Date(0), ...(startedAt && { lastStart: startedAt }) } },
  )
}
