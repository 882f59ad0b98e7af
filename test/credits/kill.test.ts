import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import mongoose from 'mongoose'
import { expect, test } from 'vitest'
import { auditCredits } from '#app/credits/audit.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { anAccount, ledgerOf } from './scenario.ts'

useDatabase()

test('processes killed at work lose and double nothing', async () => {
  const accountId = await anAccount(1000)
  const { host, port, name } = mongoose.connection
  const uri = `mongodb://${host}:${port}/${name}`
  const lines: string[] = []
  const start = async (first: number): Promise<ChildProcess> => {
    const worker = spawn(
      process.execPath,
      ['--import', 'tsx', 'test/credits/kill-worker.ts', uri, accountId.toHexString(), String(first)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const output = createInterface({ input: worker.stdout as NodeJS.ReadableStream })
    await new Promise<void>((resolve) => output.once('line', () => resolve()))
    output.on('line', (line) => lines.push(line))
    return worker
  }
  const die = async (worker: ChildProcess) => {
    expect(worker.exitCode, 'a worker died by itself').toBeNull()
    const gone = new Promise((resolve) => worker.once('exit', resolve))
    worker.kill('SIGKILL')
    await gone
  }

  for (let round = 0; round < 3; round++) {
    const workers = await Promise.all([start(round * 1000), start(round * 1000 + 300), start(round * 1000 + 600)])
    await sleep(300 + Math.random() * 500)
    await Promise.all(workers.map(die))
  }
  await runUpkeep()

  const audit = await auditCredits()
  expect(audit.violations).toEqual([])
  const ledger = new Set((await ledgerOf(accountId)).map((row) => row._id))
  const acknowledged = lines.map((line) => line.split(' '))
  expect(acknowledged.length).toBeGreaterThan(20)
  for (const [, entryId] of acknowledged) expect(ledger).toContain(entryId)
  const news = acknowledged.filter(([, , how]) => how === 'new').map(([, entryId]) => entryId)
  expect(new Set(news).size).toBe(news.length)
})
