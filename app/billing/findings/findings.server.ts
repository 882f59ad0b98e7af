import { type ReconcileFinding, ReconcileFindingModel } from '#models/reconcile-finding.server.ts'
import { now } from '../../clock.server.ts'

export type FindingKind = ReconcileFinding['kind']

/** An object at Stripe, or a user here, that is to be looked at. */
export interface Subject {
  kind: FindingKind
  id: string
}

/** So many of the earlier findings are looked at again in one run: an account may have another app's customers as well. */
const AGAIN_MAX = 200

const keyOf = ({ kind, id }: Subject): string => `${kind}:${id}`

/** What earlier runs could not settle, the longest waiting first. */
export async function openFindings(): Promise<Subject[]> {
  const open = await ReconcileFindingModel.find().sort({ lookedAt: 1 }).limit(AGAIN_MAX).lean<ReconcileFinding[]>()
  return open.map(({ kind, objectId }) => ({ kind, id: objectId }))
}

/** Keeps what could not be settled, so that a later run comes back to it however long ago it happened. */
export async function keepFinding(
  subject: Subject,
  { state, sentence }: Pick<ReconcileFinding, 'state' | 'sentence'>,
): Promise<void> {
  const at = now()
  await ReconcileFindingModel.updateOne(
    { _id: keyOf(subject) },
    {
      $set: { state, sentence, lookedAt: at },
      $setOnInsert: { kind: subject.kind, objectId: subject.id, foundAt: at },
    },
    { upsert: true },
  )
}

/** It has been settled. */
export async function dropFinding(subject: Subject): Promise<void> {
  await ReconcileFindingModel.deleteOne({ _id: keyOf(subject) })
}

/** The sentences of everything that is still open, the oldest first. */
export async function listFindings(state: ReconcileFinding['state']): Promise<string[]> {
  const open = await ReconcileFindingModel.find({ state }).sort({ foundAt: 1, _id: 1 }).lean<ReconcileFinding[]>()
  return open.map(({ sentence }) => sentence)
}
