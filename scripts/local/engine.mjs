/** The persistent local MongoDB of a data folder. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { databaseUri } from './environment.mjs'
import { choosePort } from './ports.mjs'
import { processId } from './processes.mjs'

/** Not MongoDB's default port, so that a real MongoDB can run beside it. */
const DEFAULT_PORT = 27117

/**
 * Starts the engine. The caller holds the folder's lock.
 * @param {string} folder
 */
export async function startLocalEngine(folder) {
  // Imported here, because it needs the installed dependencies.
  const { startMongod } = await import('../../sandbox/mongod/server.mjs')
  const remembered = readMemory(folder)
  const port = await choosePort({ variable: 'port', fallback: remembered?.port ?? DEFAULT_PORT })
  const mongod = await startMongod({ port, dataFolder: path.join(folder, 'mongodb'), kind: remembered?.kind ?? null })
  writeMemory(folder, { port, kind: mongod.kind })
  return { ...mongod, uri: databaseUri(port), child: { name: 'mongod', ...processId(mongod.pid) } }
}

/** The port of the last run, and the kind of engine that wrote the files, which another kind cannot read. */
function readMemory(folder) {
  const file = memoryFile(folder)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
}

function writeMemory(folder, memory) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const draft = `${memoryFile(folder)}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(memory)}\n`)
  renameSync(draft, memoryFile(folder))
}

function memoryFile(folder) {
  return path.join(folder, 'mongodb.json')
}
