import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import mongoose from 'mongoose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chooseBinary } from '#sandbox/mongod/binary.mjs'
import { anyFreePort } from '../../scripts/local/ports.mjs'

const { MongoClient } = mongoose.mongo
const embedded = await chooseBinary('embedded').catch(() => null)

let folder: string
let running: ChildProcess[]

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'scrip-mongod-'))
  running = []
})

afterEach(async () => {
  for (const engine of running) if (engine.exitCode === null && engine.signalCode === null) engine.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

/** Starts the executable as mongodb-memory-server does, and waits for the same line of output. */
async function startEngine({ port, followStdin = false }: { port?: number; followStdin?: boolean } = {}) {
  const usedPort = port ?? (await anyFreePort())
  const args = ['--port', `${usedPort}`, '--dbpath', folder, '--storageEngine', 'wiredTiger', '--bind_ip', '127.0.0.1']
  const engine = spawn(embedded?.path ?? '', [...args, '--noauth'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, MONGOD_STOPS_WITH_STDIN: followStdin ? '1' : '' },
  })
  running.push(engine)
  let output = ''
  await new Promise<void>((resolve) => {
    const listen = (chunk: Buffer) => {
      output += chunk.toString()
      if (/waiting for connections/i.test(output)) resolve()
    }
    engine.stdout.on('data', listen)
    engine.stderr.on('data', listen)
    engine.once('close', () => resolve())
  })
  return { engine, output: () => output, uri: `mongodb://127.0.0.1:${usedPort}/?directConnection=true`, port: usedPort }
}

async function collectionAt(uri: string) {
  const client = await MongoClient.connect(uri)
  return { client, rows: client.db('test').collection<{ _id: number; by?: string }>('rows') }
}

test.runIf(embedded)('the engine serves two clients at once, stops cleanly on SIGINT and keeps its data', async () => {
  const first = await startEngine()
  const [one, other] = await Promise.all([collectionAt(first.uri), collectionAt(first.uri)])
  await Promise.all([one.rows.insertOne({ _id: 1, by: 'one' }), other.rows.insertOne({ _id: 2, by: 'other' })])
  expect(await one.rows.countDocuments()).toBe(2)
  await Promise.all([one.client.close(), other.client.close()])

  first.engine.kill('SIGINT')
  expect(await once(first.engine, 'close')).toEqual([0, null])

  const second = await startEngine()
  const { client, rows } = await collectionAt(second.uri)
  expect(await rows.distinct('by')).toEqual(['one', 'other'])
  await client.close()
})

test.runIf(embedded)(
  'the engine keeps every acknowledged w:majority, j:true write when it is killed during writes',
  async () => {
    const first = await startEngine()
    const { client, rows } = await collectionAt(first.uri)
    const acknowledged: number[] = []
    let next = 0
    const writers = Array.from({ length: 8 }, async () => {
      try {
        for (;;) {
          const _id = next++
          await rows.insertOne({ _id }, { writeConcern: { w: 'majority', journal: true } })
          acknowledged.push(_id)
        }
      } catch {
        // The engine is gone: what was under way now is unknown, and none of it was acknowledged.
      }
    })
    await expect.poll(() => acknowledged.length).toBeGreaterThan(50)
    first.engine.kill('SIGKILL')
    await client.close(true)
    await Promise.all(writers)

    const second = await startEngine()
    const reader = await collectionAt(second.uri)
    const found = new Set((await reader.rows.find().toArray()).map(({ _id }) => _id))
    expect(acknowledged.filter((_id) => !found.has(_id))).toEqual([])
    await reader.client.close()
  },
)

test.runIf(embedded)('the engine exits when the process that started it has disappeared', async () => {
  const { engine } = await startEngine({ followStdin: true })
  engine.stdin.destroy()
  expect(await once(engine, 'close')).toEqual([0, null])
})

test.runIf(embedded)('the engine reports a taken port and a data folder in use', async () => {
  const { port, uri } = await startEngine()
  const samePort = await startEngine({ port })
  expect(samePort.engine.exitCode).toBe(48)
  expect(samePort.output()).toContain(`Address already in use: 127.0.0.1:${port}`)

  const sameData = await startEngine()
  expect(sameData.engine.exitCode).toBe(100)
  expect(sameData.output()).toContain('DBPathInUse')

  const { client } = await collectionAt(uri)
  await client.close()
})
