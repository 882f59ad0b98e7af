/** Downloads three packages of a newer release with apt, outside the system and without root. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const PACKAGES = ['libc6', 'libstdc++6', 'libgcc-s1']
const APT_MS = 120_000
const run = promisify(execFile)

/**
 * Unpacks the C and C++ libraries of `suite` into `folder`. Several processes can do this at once: each works in a folder
 * of its own, and the first to rename it wins.
 */
export async function fetchLibraries(suite, folder) {
  await mkdir(path.dirname(folder), { recursive: true })
  const work = await mkdtemp(path.join(path.dirname(folder), '.fetching-'))
  try {
    const unpacked = path.join(work, 'unpacked')
    const options = await privateState(work, suite)
    await apt(work, [...options, 'update'])
    await apt(work, [...options, 'download', ...PACKAGES])
    for (const name of await readdir(work)) {
      if (name.endsWith('.deb')) await run('dpkg', ['-x', path.join(work, name), unpacked], { timeout: APT_MS })
    }
    await rename(unpacked, folder).catch((error) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Options that keep apt's lists, caches and sources in `work`; its keyrings and proxies stay the machine's. */
async function privateState(work, suite) {
  // When root runs apt, apt downloads the lists as a user of its own.
  await chmod(work, 0o755)
  await mkdir(path.join(work, 'lists/partial'), { recursive: true })
  await mkdir(path.join(work, 'archives/partial'), { recursive: true })
  const source = await firstSource()
  const sources = path.join(work, source.kind === 'deb822' ? 'own.sources' : 'own.list')
  await writeFile(sources, source.withSuite(suite))
  const settings = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '-',
    'Dir::State::Lists': path.join(work, 'lists'),
    'Dir::Cache::archives': path.join(work, 'archives'),
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    'APT::Sandbox::User': process.getuid?.() === 0 ? 'root' : '',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
    'Debug::NoLocking': 'true',
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

/** The source of this machine's distribution, in either of apt's two formats. */
async function firstSource() {
  const parts = '/etc/apt/sources.list.d'
  const names = existsSync(parts) ? await readdir(parts) : []
  const files = ['/etc/apt/sources.list', ...names.sort().map((name) => path.join(parts, name))]
  for (const file of files.filter((name) => existsSync(name))) {
    const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => !line.trimStart().startsWith('#'))
    const found = file.endsWith('.sources') ? firstStanza(lines) : firstLine(lines)
    if (found) return found
  }
  throw new Error('no Debian or Ubuntu source found in /etc/apt')
}

function firstStanza(lines) {
  const stanzas = lines.join('\n').split(/\n\s*\n/)
  const stanza = stanzas.find((text) => /^Types:.*\bdeb\b/m.test(text) && /^Components:.*\bmain\b/m.test(text))
  if (!stanza || !isDistribution(stanza)) return null
  return { kind: 'deb822', withSuite: (suite) => `${stanza.replace(/^Suites:.*$/m, `Suites: ${suite}`).trim()}\n` }
}

function firstLine(lines) {
  const line = lines.find((text) => /^deb\s/.test(text) && /\smain\b/.test(text) && isDistribution(text))
  const parts = line && /^deb\s+(\[[^\]]*\]\s+)?(\S+)\s/.exec(line)
  if (!parts) return null
  return { kind: 'list', withSuite: (suite) => `deb ${parts[1] ?? ''}${parts[2]} ${suite} main\n` }
}

/** Third-party sources have a "main" too, so the distribution's own is found by its archive's name or path. */
function isDistribution(text) {
  return /\/(debian|ubuntu|ubuntu-ports|raspbian)\/?(\s|$)/m.test(text)
}

async function apt(work, args) {
  try {
    await run('apt-get', args, {
      cwd: work,
      timeout: APT_MS,
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    })
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error('there is no apt-get')
    const complaint = String(error.stderr ?? error.message)
      .split('\n')
      .find((line) => line.startsWith('E:'))
    throw new Error(complaint ?? error.message)
  }
}
