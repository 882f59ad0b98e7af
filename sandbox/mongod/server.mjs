import { mkdir } from 'node:fs/promises'
import { MongoMemoryServer } from 'mongodb-memory-server'
import { chooseBinary } from './binary.mjs'

const LAUNCH_MS = 60_000

/**
 * @typedef {object} MongodOptions
 * @property {number} [port]  a free one, when left out
 * @property {string} [dataFolder]  where the data stays; a temporary folder, when left out
 * @property {import('./binary.mjs').Binary['kind'] | null} [kind]  of the binary that wrote `dataFolder`; the best there
 *   is, when left out
 */

/**
 * @typedef {object} Mongod
 * @property {string} uri  `mongodb://127.0.0.1:<port>/`
 * @property {number} port
 * @property {number} pid
 * @property {import('./binary.mjs').Binary['kind']} kind
 * @property {string} description
 * @property {(listener: (code: number | null, signal: string | null) => void) => void} onExit
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a MongoDB that ends with this process, however this process ends.
 * @param {MongodOptions} [options]
 * @returns {Promise<Mongod>}
 */
export async function startMongod({ port, dataFolder, kind } = {}) {
  const binary = await chooseBinary(kind)
  process.env.MONGOMS_SYSTEM_BINARY_VERSION_CHECK = 'false'
  if (dataFolder) await mkdir(dataFolder, { recursive: true, mode: 0o700 })
  const server = await MongoMemoryServer.create({
    instance: {
      port,
      // A port that was asked for and is taken is an error, not a reason to listen elsewhere.
      portGeneration: port === undefined,
      dbPath: dataFolder,
      storageEngine: 'wiredTiger',
      launchTimeout: LAUNCH_MS,
    },
    ...(binary.path && { binary: { systemBinary: binary.path } }),
    // A process group of its own: Ctrl-C in the terminal is for the parent, which stops its app before its database.
    spawn: { detached: true, env: { ...process.env, MONGOD_STOPS_WITH_STDIN: '1' } },
  })
  const { instance } = server.instanceInfo
  return {
    uri: server.getUri(),
    port: server.instanceInfo.port,
    pid: instance.mongodProcess.pid,
    kind: binary.kind,
    description: binary.description,
    onExit: (listener) => void instance.once('instanceClosed', listener),
    stop: async () => void (await server.stop({ doCleanup: !dataFolder, force: false })),
  }
}
