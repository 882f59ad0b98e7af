import { dataFolder, isProduction, joinInstallation, readEnvironment } from './environment.mjs'
import { startLocalEngine } from './engine.mjs'
import { LockHeld, takeLock } from './lock.mjs'
import { Refusal } from './project.mjs'

/**
 * Runs a command that needs the database: with MONGODB_URI, the running local engine of the data folder, or one
 * that is started for the command. Fills in the local installation's other settings as well, so call it
 * before anything reads the configuration.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withDatabase(work) {
  readEnvironment()
  joinInstallation()
  if (process.env.MONGODB_URI || isProduction()) return work()
  const folder = dataFolder()
  const lock = lockFor(folder)
  try {
    const engine = await startLocalEngine(folder)
    lock.update({ mongodbUri: engine.uri, children: [engine.child] })
    process.env.MONGODB_URI = engine.uri
    try {
      return await work()
    } finally {
      await engine.stop()
    }
  } finally {
    lock.release()
  }
}

function lockFor(folder) {
  try {
    return takeLock(folder, { command: `a command (${process.argv.slice(1, 2).join(' ')})` })
  } catch (error) {
    if (!(error instanceof LockHeld)) throw error
    // An installation without a database is just starting or just stopping.
    throw new Refusal(`${folder} is ${error.message}, whose database is not up. Try again in a moment.`)
  }
}
