import mongoose from 'mongoose'
import { expect, test } from 'vitest'
import { checkIndexes } from '#app/database.server.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()

test('each test file has its own database, empty and with every index', async () => {
  expect(mongoose.connection.name).toMatch(/^scrip-test-/)
  expect(await checkIndexes()).toEqual([])
  for (const collection of (await mongoose.connection.db?.collections()) ?? []) {
    expect(await collection.countDocuments()).toBe(0)
  }
})
