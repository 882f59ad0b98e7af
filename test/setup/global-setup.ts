import type { TestProject } from 'vitest/node'
import { startMongod } from '#sandbox/mongod/server.mjs'

declare module 'vitest' {
  interface ProvidedContext {
    /** The server of this run, without a database name. */
    mongodbUri: string
  }
}

/** One MongoDB server for the whole run; each test file has a database of its own. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env.MONGODB_URI
  if (given) {
    project.provide('mongodbUri', given)
    return undefined
  }
  const mongod = await startMongod()
  project.provide('mongodbUri', mongod.uri)
  return () => mongod.stop()
}
