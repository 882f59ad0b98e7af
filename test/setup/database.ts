import { randomBytes } from 'node:crypto'
import mongoose from 'mongoose'
import { afterAll, beforeAll, inject } from 'vitest'
import { connectDatabase, disconnectDatabase, ensureIndexes } from '#app/database.server.ts'
import { withDatabaseName } from './database-name.ts'

/** The connection string of a database that no other test uses. */
export function testDatabaseUri(): string {
  return withDatabaseName(inject('mongodbUri'), `scrip-test-${randomBytes(6).toString('hex')}`)
}

/** Call at the top of a test file: its tests share a fresh database with all indexes, which is dropped at the end. */
export function useDatabase(): void {
  beforeAll(async () => {
    await connectDatabase(testDatabaseUri())
    await ensureIndexes()
  })
  afterAll(async () => {
    await mongoose.connection.db?.dropDatabase()
    await disconnectDatabase()
  })
}
