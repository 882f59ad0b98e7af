import { mkdir } from 'node:fs/promises'
import { MongoMemoryServer } from 'mongodb-memory-server'
import { chooseBinary } from './binary.mjs'

const LAUNCH_MS = 60_000

/**
 * @typedef {object} MongodOptions
 * @property {number} [port]  a free one by default
 * @property {string} [dataFolder]  a temporary folder by default
 * @property {import('./binary.mjs').Binary['kind'] | null} [kind]  of the binary that wrote `dataFolder`; by default the
 *   best one available
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
 * Starts a MongoDB that exits with this process, even if this process is killed.
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
      // A requested port that is taken is an error, not a reason to use another one.
      portGeneration: port === undefined,
      dbPath: dataFolder,
      storageEngine: 'wiredTiger',
      launchTimeout: LAUNCH_MS,
    },
    ...(binary.path && { binary: { systemBinary: binary.path } }),
    // A process group of its own, so that Ctrl-C reaches only the parent, which stops the app before the database.
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
