import mongoose from 'mongoose'
import { connectDatabase, disconnectDatabase, ensureIndexes } from '#app/database.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { type Installation, startInstallation } from '#test/setup/app-processes.ts'
import { withDatabaseName } from '#test/setup/database-name.ts'

/** The database server that all parts of the bench share; each part has its own databases. */
export interface Server {
  /** Without a database name. */
  uri: string
  /** Of the process, if the bench has started it. */
  pid: number | null
}

const SESSION_SECRET = 'a session secret of the bench'

/** Runs a part on a new database with all indexes, and drops it at the end. */
export async function withBenchDatabase(server: Server, work: (uri: string) => Promise<void>): Promise<void> {
  const uri = withDatabaseName(server.uri, `bench-${process.pid}-${Date.now()}`)
  await connectDatabase(uri)
  try {
    await ensureIndexes()
    await work(uri)
  } finally {
    await dropDatabase()
  }
}

/**
 * Runs a part on real processes of the built app, with this process connected to their database, and stops them at the end.
 * They log warnings only: at one line per request, this process would be busy reading.
 */
export async function withInstallation(
  server: Server,
  options: { apps?: number },
  work: (installation: Installation) => Promise<void>,
): Promise<void> {
  const environment = { SESSION_SECRET, LOG_LEVEL: 'warn' }
  const installation = await startInstallation({ ...options, mongodbUri: server.uri, environment })
  try {
    // For what this process does with the app's own code, such as opening sessions.
    Object.assign(process.env, { SESSION_SECRET, APP_URL: installation.url })
    resetConfig()
    await connectDatabase(installation.mongodbUri)
    await work(installation)
  } finally {
    await installation.stop()
    await dropDatabase()
  }
}

async function dropDatabase(): Promise<void> {
  await mongoose.connection.db?.dropDatabase()
  await disconnectDatabase()
}

/** The database of this process. */
export function database(): mongoose.mongo.Db {
  const { db } = mongoose.connection
  if (!db) throw new Error('The bench needs a connection')
  return db
}
