import { randomUUID } from 'node:crypto'
import mongoose from 'mongoose'
import { afterAll, beforeAll, inject } from 'vitest'
import { connectDatabase, disconnectDatabase } from '#app/database.server.ts'
import { type ServedApp, startServedApp } from './served-app.ts'
import { withDatabaseName } from '../setup/database-name.ts'
import { type Proxy, startProxy } from './database-proxy.ts'

/** Includes the time to build the app if necessary. */
const START_MS = 180_000

/** Call at the top of a test file: an app process, and a connection of the test to its database. */
export function useWatchedApp(): ServedApp {
  const app = {} as ServedApp
  beforeAll(async () => {
    Object.assign(app, await startServedApp())
    await connectDatabase(app.mongodbUri)
  }, START_MS)
  afterAll(async () => {
    await app.stop?.()
    await dropAndLeave()
  })
  return app
}

/** Like {@link useWatchedApp}, with the app's network to the database under the test's control. */
export function useAppBehindProxy(environment: Record<string, string> = {}): { app: ServedApp; proxy: Proxy } {
  const app = {} as ServedApp
  const proxy = {} as Proxy
  const name = `scrip-behind-${randomUUID()}`
  beforeAll(async () => {
    Object.assign(proxy, await startProxy(inject('mongodbUri')))
    Object.assign(app, await startServedApp({ ...environment, MONGODB_URI: withDatabaseName(proxy.uri, name) }))
    await connectDatabase(withDatabaseName(inject('mongodbUri'), name))
  }, START_MS)
  afterAll(async () => {
    await app.stop?.()
    await proxy.stop?.()
    await dropAndLeave()
  })
  return { app, proxy }
}

/** A collection of the app's database, read without a schema. */
export const collection = (name: string) => mongoose.connection.collection(name)

async function dropAndLeave(): Promise<void> {
  await mongoose.connection.db?.dropDatabase()
  await disconnectDatabase()
}
