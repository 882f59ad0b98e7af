import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import mongoose from 'mongoose'
import { afterEach, expect, test } from 'vitest'
import { JOB_LOCK_MS, type JobScheduler, jobScheduler } from '#app/jobs/scheduler.server.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()

const LOCK_MS = 1_500
let schedulers: JobScheduler[] = []

afterEach(async () => {
  for (const scheduler of schedulers) await scheduler.stop()
  schedulers = []
})

async function start(name: string, run: () => Promise<string>): Promise<void> {
  const scheduler = jobScheduler([{ name, every: '1 second', run }], { lockMs: LOCK_MS })
  schedulers.push(scheduler)
  await scheduler.start()
}

test('a job that takes longer than its lock does not run twice at once (6.1)', async () => {
  let runs = 0
  let running = 0
  let mostAtOnce = 0
  const run = async () => {
    runs++
    mostAtOnce = Math.max(mostAtOnce, ++running)
    await sleep(3 * LOCK_MS)
    running--
    return 'it took its time'
  }
  await start('slow', run)
  await start('slow', run)
  await expect.poll(() => runs, { timeout: 25_000 }).toBeGreaterThanOrEqual(2)

  expect(mostAtOnce).toBe(1)
})

test('the job of a killed process is taken over by another process (6.2)', async () => {
  const { host, port, name } = mongoose.connection
  const uri = `mongodb://${host}:${port}/${name}`
  const worker = spawn(
    process.execPath,
    ['--import', 'tsx', 'test/jobs/job-worker.ts', uri, 'orphan', String(LOCK_MS)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await new Promise((resolve) => worker.stdout.once('data', resolve))
  const gone = new Promise((resolve) => worker.once('exit', resolve))
  worker.kill('SIGKILL')
  await gone
  const [left] = await mongoose.connection.collection('jobs').find({ name: 'orphan' }).toArray()
  expect(left?.lockedAt).toBeInstanceOf(Date)

  let runs = 0
  await start('orphan', async () => `run ${++runs}`)

  await expect.poll(() => runs, { timeout: 25_000 }).toBeGreaterThan(0)
})

test('the lock of a dead process expires within a minute (6.2)', () => {
  expect(JOB_LOCK_MS).toBeLessThan(60_000)
})
