import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LockHeld, lockHolder, takeLock } from '../../scripts/local/lock.mjs'
import { processId } from '../../scripts/local/processes.mjs'

const MODULE = new URL('../../scripts/local/lock.mjs', import.meta.url).href

let folder: string
let others: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'scrip-lock-'))
  others = []
})

afterEach(async () => {
  for (const other of others) other.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

/** Another process that takes the lock and keeps it; returns whether it got the lock. */
async function otherTakesLock() {
  const code = `
    import(${JSON.stringify(MODULE)}).then(({ takeLock }) => {
      try { takeLock(${JSON.stringify(folder)}, { command: 'another' }); console.log('got it') }
      catch (error) { console.log(error.name) }
      setInterval(() => {}, 1000)
    })`
  const other = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  others.push(other)
  const [chunk] = (await once(other.stdout, 'data')) as [Buffer]
  return { other, answer: chunk.toString().trim() }
}

test('the lock is held by one process and free after its release', () => {
  const lock = takeLock(folder, { command: 'npm start' })
  lock.update({ url: 'http://localhost:3000' })
  expect(lockHolder(folder)).toMatchObject({ pid: process.pid, command: 'npm start', url: 'http://localhost:3000' })
  expect(() => takeLock(folder, { command: 'npm run dev' })).toThrow(LockHeld)

  lock.release()
  expect(lockHolder(folder)).toBeNull()
  takeLock(folder, { command: 'npm run dev' }).release()
})

test('a refused lock names its holder', async () => {
  const { other } = await otherTakesLock()
  const refusal = attempt(() => takeLock(folder, { command: 'npm start' }))
  expect(refusal).toBeInstanceOf(LockHeld)
  expect((refusal as LockHeld).holder).toMatchObject({ pid: other.pid, command: 'another' })
})

test('the lock of a killed holder is taken over, with the names of the processes it had started', async () => {
  const { other } = await otherTakesLock()
  const child = { name: 'MongoDB', ...processId() }
  const holder = JSON.parse(readFileSync(path.join(folder, 'lock.json'), 'utf8')) as object
  writeFileSync(path.join(folder, 'lock.json'), JSON.stringify({ ...holder, children: [child] }))
  other.kill('SIGKILL')
  await once(other, 'close')

  const lock = takeLock(folder, { command: 'npm start' })
  expect(lock.orphans).toEqual([child])
  expect(lockHolder(folder)?.pid).toBe(process.pid)
})

test('a process that reuses the pid of a dead holder is not the holder', () => {
  const impostor = { pid: process.pid, started: 'at another time', command: 'npm start', children: [] }
  writeFileSync(path.join(folder, 'lock.json'), JSON.stringify(impostor))
  expect(lockHolder(folder)).toBeNull()
  takeLock(folder, { command: 'npm start' }).release()
})

test('an unreadable lock counts as that of a dead holder', () => {
  writeFileSync(path.join(folder, 'lock.json'), '')
  takeLock(folder, { command: 'npm start' }).release()
})

test('of several processes that find a dead holder, one gets the lock', async () => {
  writeFileSync(path.join(folder, 'lock.json'), JSON.stringify({ pid: 2 ** 22 + 1, started: 'long ago', children: [] }))
  const answers = await Promise.all(Array.from({ length: 8 }, () => otherTakesLock()))
  expect(answers.map(({ answer }) => answer).sort()).toEqual([...Array<string>(7).fill('LockHeld'), 'got it'])
  expect(readdirSync(folder)).toEqual(['lock.json'])
})

function attempt(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
