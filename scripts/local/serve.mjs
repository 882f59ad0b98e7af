import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { isProduction, joinInstallation, readEnvironment, requireDatabase, requireLocal } from './environment.mjs'
import { inProject, Refusal } from './project.mjs'
import { complain } from './terminal.mjs'

const BUNDLE = inProject('build/server/index.js')

/** Starts the app in this process; it prints its ready line itself. */
export async function serve() {
  try {
    readEnvironment()
    if (!isProduction()) requireLocal()
    joinInstallation()
    requireDatabase()
    if (!existsSync(BUNDLE)) throw new Refusal('The app is not built. Build it with `npm run build`.')
    process.env.SCRIP_MODE = isProduction() ? 'production' : 'local'
    // React and others ship a development build that is many times slower. SCRIP_MODE holds the real mode.
    process.env.NODE_ENV = 'production'
    const build = await import(pathToFileURL(BUNDLE).href)
    await build.entry.module.startServer(build)
  } catch (error) {
    complain(error)
    process.exit(1)
  }
}
