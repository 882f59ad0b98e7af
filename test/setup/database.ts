import { randomBytes } from 'node:crypto'
import mongoose, { type ConnectOptions } from 'mongoose'
import { afterAll, beforeAll, inject } from 'vitest'
import { connectDatabase, disconnectDatabase, ensureIndexes } from '#app/database.server.ts'
import { withDatabaseName } from './database-name.ts'

/** The connection string of a database that no other test uses. */
export function testDatabaseUri(): string {
  return withDatabaseName(inject('mongodbUri'), `scrip-test-${randomBytes(6).toString('hex')}`)
}

/** Call at the top of a test file: its tests share a fresh database with all indexes, which is dropped at the end. */
export function useDatabase(options: ConnectOptions = {}): void {
  beforeAll(async () => {
    await connectDatabase(testDatabaseUri(), options)
    await ensureIndexes()
  })
  afterAll(async () => {
    await mongoose.connection.db?.dropDatabase()
    await disconnectDatabase()
  })
}
