import mongoose, { type mongo } from 'mongoose'

/** The work that one read caused in the database. */
export interface QueryPlan {
  collection: string
  keysExamined: number
  docsExamined: number
  returned: number
}

/**
 * Runs some work, then lets the database explain each `find` and `aggregate` that it sent. The connection must have been
 * opened with `monitorCommands`.
 */
export async function explainReads(run: () => Promise<unknown>): Promise<QueryPlan[]> {
  const client = mongoose.connection.getClient()
  const sent: mongo.Document[] = []
  const note = ({ commandName, command }: mongo.CommandStartedEvent) => {
    if (commandName === 'find' || commandName === 'aggregate') sent.push(command)
  }
  client.on('commandStarted', note)
  try {
    await run()
  } finally {
    client.off('commandStarted', note)
  }
  return Promise.all(sent.map(explain))
}

/** The part of the server's answer that is used here. */
interface Explained {
  executionStats?: { totalKeysExamined: number; totalDocsExamined: number; nReturned: number }
  stages?: { $cursor?: Explained }[]
}

async function explain(command: mongo.Document): Promise<QueryPlan> {
  const { lsid: _session, $db: _database, $clusterTime: _time, ...rest } = command
  const explained = (await mongoose.connection.db!.command({ explain: rest, verbosity: 'executionStats' })) as Explained
  // An aggregation explains its read in its first stage, unless the engine runs it as a whole.
  const stats = explained.executionStats ?? explained.stages?.[0]?.$cursor?.executionStats
  if (!stats) throw new Error(`No executionStats in ${JSON.stringify(explained)}`)
  return {
    collection: String(command['find'] ?? command['aggregate']),
    keysExamined: stats.totalKeysExamined,
    docsExamined: stats.totalDocsExamined,
    returned: stats.nReturned,
  }
}
