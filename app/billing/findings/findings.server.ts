import { type ReconcileFinding, ReconcileFindingModel } from '#models/reconcile-finding.server.ts'
import { now } from '../../clock.server.ts'

export type FindingKind = ReconcileFinding['kind']

/** A Stripe object, or a user, to review. */
export interface Subject {
  kind: FindingKind
  id: string
}

/** The maximum of earlier findings checked again in one run: the account may hold another app's customers too. */
const AGAIN_MAX = 200

const keyOf = ({ kind, id }: Subject): string => `${kind}:${id}`

/** Open findings of earlier runs, the longest waiting first. */
export async function openFindings(): Promise<Subject[]> {
  const open = await ReconcileFindingModel.find().sort({ lookedAt: 1 }).limit(AGAIN_MAX).lean<ReconcileFinding[]>()
  return open.map(({ kind, objectId }) => ({ kind, id: objectId }))
}

/** Stores a finding, so that later runs check it again. */
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

/** Removes a settled finding. */
export async function dropFinding(subject: Subject): Promise<void> {
  await ReconcileFindingModel.deleteOne({ _id: keyOf(subject) })
}

/** The sentences of all open findings, oldest first. */
export async function listFindings(state: ReconcileFinding['state']): Promise<string[]> {
  const open = await ReconcileFindingModel.find({ state }).sort({ foundAt: 1, _id: 1 }).lean<ReconcileFinding[]>()
  return open.map(({ sentence }) => sentence)
}
