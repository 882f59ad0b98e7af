import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ChildFailed, startChild } from '../../scripts/local/child.mjs'
import { isRunning, processId, waitForEnd } from '../../scripts/local/processes.mjs'

const MODULE = new URL('../../scripts/local/child.mjs', import.meta.url).href
const folder = mkdtempSync(path.join(os.tmpdir(), 'scrip-child-'))

afterAll(() => rm(folder, { recursive: true, force: true }))

function program(name: string, code: string): string {
  const file = path.join(folder, `${name}.mjs`)
  writeFileSync(file, code)
  return file
}

test('a child is ready when it says so, and stops on SIGTERM with its own exit code', async () => {
  const file = program(
    'good',
    `process.on('SIGTERM', () => { console.log('bye'); process.exit(7) })
     setInterval(() => {}, 1000)
     console.log('ready at http://localhost:1')`,
  )
  const child = await startChild({ name: 'It', args: [file], env: process.env, ready: /ready at (\S+)/ })
  expect(child.answer).toBe('http://localhost:1')
  expect(await child.stop()).toEqual({ code: 7, signal: null })
  expect(child.lines).toEqual(['ready at http://localhost:1', 'bye'])
})

test('a child that does not stop is killed', async () => {
  const file = program('stubborn', `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('ready')`)
  const child = await startChild({ name: 'It', args: [file], env: process.env, ready: /ready/ })
  expect(await child.stop(200)).toEqual({ code: null, signal: 'SIGKILL' })
})

test('a child that fails to start is reported with its output', async () => {
  const file = program('bad', `console.error('PORT is not a port'); process.exit(3)`)
  const failure = startChild({ name: 'The app', args: [file], env: process.env, ready: /ready/ })
  await expect(failure).rejects.toThrow(ChildFailed)
  await expect(failure).rejects.toThrow(/The app ended with exit code 3.*PORT is not a port/s)
})

test('a child that never gets ready is given up', async () => {
  const file = program('slow', `setInterval(() => {}, 1000); console.log('still loading')`)
  const failure = startChild({ name: 'It', args: [file], env: process.env, ready: /ready/, readyMs: 500 })
  await expect(failure).rejects.toThrow(/was not ready within 0.5 s.*still loading/s)
})

test('a child stops in order when its parent is killed', async () => {
  const witness = path.join(folder, 'witness')
  const file = program(
    'orphan',
    `import { writeFileSync } from 'node:fs'
     process.on('SIGTERM', () => { writeFileSync(${JSON.stringify(witness)}, 'orderly'); process.exit(0) })
     setInterval(() => {}, 1000)
     console.log('ready')`,
  )
  const parentCode = `import(${JSON.stringify(MODULE)}).then(async ({ startChild }) => {
    const child = await startChild({ name: 'It', args: [${JSON.stringify(file)}], env: process.env, ready: /ready/ })
    console.log(child.pid)
  })`
  const parent = spawn(process.execPath, ['-e', parentCode], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [chunk] = (await once(parent.stdout, 'data')) as [Buffer]
  const child = processId(Number(chunk.toString()))
  expect(isRunning(child)).toBe(true)

  parent.kill('SIGKILL')
  await once(parent, 'close')
  await waitForEnd([child], { patienceMs: 5_000 })
  const { readFileSync } = await import('node:fs')
  expect(readFileSync(witness, 'utf8')).toBe('orderly')
})
