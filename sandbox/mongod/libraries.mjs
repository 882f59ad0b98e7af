/**
 * The embedded engine needs glibc 2.38. On an older Debian or Ubuntu this downloads a newer C library into the user's
 * cache, for the engine's process alone: nothing is installed and no root is needed. Run as a script it prints the
 * folder with the libraries, or nothing if the system's own are new enough.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { fetchLibraries } from './apt.mjs'

const NEEDED_GLIBC = [2, 38]
/** For each distribution the release whose glibc is new enough. */
const SUITES = { debian: 'trixie', ubuntu: 'noble' }
const WAYS_OUT = 'Install MongoDB (`mongod` on the PATH) or set MONGODB_URI to a database of yours.'

/** The engine cannot run on this machine; the message says why and what to do. */
export class EngineUnavailable extends Error {
  name = 'EngineUnavailable'
  constructor(why) {
    super(`The embedded MongoDB engine cannot run here: ${why}\n${WAYS_OUT}`)
  }
}

/**
 * @returns {Promise<string | null>} the folder with the libraries for the engine; null for the system's own
 * @throws {EngineUnavailable} if the engine cannot run here
 */
export async function engineLibraries() {
  if (process.platform === 'darwin' && process.arch === 'arm64') return null
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new EngineUnavailable(`it is not built for ${process.platform} ${process.arch}.`)
  }
  const glibc = glibcVersion()
  if (!glibc) throw new EngineUnavailable('it needs glibc, and this system has another C library (Alpine?).')
  if (isEnough(glibc)) return null
  const folder = path.join(cacheFolder(), `libc-${suite(glibc)}-${process.arch}`)
  if (!existsSync(folder)) {
    console.error(
      `glibc ${glibc} is older than the engine's ${NEEDED_GLIBC.join('.')}: downloading a newer one into ${folder}`,
    )
    try {
      await fetchLibraries(suite(glibc), folder)
    } catch (error) {
      throw new EngineUnavailable(
        `glibc is ${glibc}, and a newer one could not be downloaded with apt: ${error.message}`,
      )
    }
  }
  return libraryFolder(folder)
}

function suite(glibc) {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  const ids = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((match) => match[1].split(' '))
  const known = ids.includes('ubuntu') ? 'ubuntu' : ids.find((id) => id in SUITES)
  if (!known) throw new EngineUnavailable(`it needs glibc ${NEEDED_GLIBC.join('.')}, and this system has ${glibc}.`)
  return SUITES[known]
}

function glibcVersion() {
  // Otherwise the report makes a DNS lookup for the address of every network interface.
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime ?? null
}

function isEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > NEEDED_GLIBC[0] || (major === NEEDED_GLIBC[0] && minor >= NEEDED_GLIBC[1])
}

function cacheFolder() {
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'scrip')
}

function libraryFolder(folder) {
  const candidates = ['usr/lib', 'lib'].map((name) => path.join(folder, name)).filter((name) => existsSync(name))
  for (const parent of candidates) {
    const triplet = readdirSync(parent).find((name) => name.endsWith('-linux-gnu'))
    const found = triplet && path.join(parent, triplet)
    if (found && existsSync(path.join(found, 'libc.so.6')) && existsSync(path.join(found, 'libstdc++.so.6')))
      return found
  }
  throw new EngineUnavailable(`${folder} is incomplete. Delete it to download it again.`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log((await engineLibraries()) ?? '')
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
