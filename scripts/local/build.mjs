/** Builds the app when its sources have changed since the last build. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { LockHeld, takeLock } from './lock.mjs'
import { inProject, Refusal, ROOT } from './project.mjs'

const SOURCES = ['app', 'models', 'public', 'package-lock.json', 'vite.config.ts', 'tsconfig.json']
const STAMP = inProject('build/stamp')
const SERVER_BUNDLE = inProject('build/server/index.js')
const LOCK_FOLDER = inProject('node_modules/.cache/scrip-build')
const BUILD_MS = 10 * 60_000

/** True when the bundle on disk was built from the sources on disk. */
export function isBuilt() {
  return existsSync(SERVER_BUNDLE) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === sourcesHash()
}

/**
 * Builds if needed. Several processes may call it at once: one builds, the others wait for it.
 * @returns {Promise<boolean>} whether anything had to be built
 */
export async function ensureBuilt() {
  const deadline = Date.now() + BUILD_MS
  while (!isBuilt()) {
    const lock = tryLock()
    if (lock) {
      try {
        if (isBuilt()) return false
        // Computed first, so that a file changed during the build makes the next start build again.
        const hash = sourcesHash()
        await build()
        writeFileSync(STAMP, hash)
        return true
      } finally {
        lock.release()
      }
    }
    if (Date.now() > deadline) throw new Refusal('Another process has been building for ten minutes.')
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  return false
}

function tryLock() {
  try {
    return takeLock(LOCK_FOLDER, { command: 'a build' })
  } catch (error) {
    if (error instanceof LockHeld) return null
    throw error
  }
}

/** Quiet unless it fails. NODE_ENV is set, because with a test runner's value the bundle would contain React's slow build. */
function build() {
  return new Promise((resolve, reject) => {
    const remix = inProject('node_modules/@remix-run/dev/dist/cli.js')
    const child = spawn(process.execPath, [remix, 'vite:build'], {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'production', FORCE_COLOR: undefined, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) return resolve()
      reject(new Refusal(`The build failed:\n${reasonIn(output)}`))
    })
  })
}

/** The first error and what follows it; after that the tool lists all files that it watches. */
function reasonIn(output) {
  const lines = output.trim().split('\n')
  const first = lines.findIndex((line) => /error|failed/i.test(line) && !/ kB /.test(line))
  return lines.slice(Math.max(first, 0), Math.max(first, 0) + 20).join('\n')
}

function sourcesHash() {
  const hash = createHash('sha256')
  for (const source of SOURCES)
    for (const file of filesUnder(source)) hash.update(file).update(readFileSync(inProject(file)))
  return hash.digest('hex')
}

function filesUnder(name) {
  if (!existsSync(inProject(name))) return []
  const entries = path.extname(name) ? null : readdirSync(inProject(name), { withFileTypes: true, recursive: true })
  if (!entries) return [name]
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath ?? entry.path, entry.name)))
    .sort()
}
