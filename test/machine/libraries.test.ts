import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fetchLibraries } from '#sandbox/mongod/apt.mjs'

const hasAptSources = existsSync('/etc/apt')
const PATH = process.env.PATH

let folder: string
let cache: string

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'scrip-apt-'))
  cache = path.join(folder, 'cache')
  mkdirSync(path.join(folder, 'bin'))
  process.env.PATH = `${path.join(folder, 'bin')}:${PATH}`
})

afterEach(async () => {
  process.env.PATH = PATH
  await rm(folder, { recursive: true, force: true })
})

/** Replaces apt-get or dpkg, so that no test needs a package archive. */
function standIn(name: string, script: string): void {
  const file = path.join(folder, 'bin', name)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
}

test.runIf(hasAptSources)('two processes that download at once both succeed and leave one folder', async () => {
  standIn('apt-get', 'case "$*" in *download*) : > libc6.deb ;; esac')
  standIn('dpkg', 'mkdir -p "$3/usr/lib"; : > "$3/usr/lib/libc.so.6"; sleep 0.1')
  const target = path.join(cache, 'libc')
  await Promise.all([fetchLibraries('trixie', target), fetchLibraries('trixie', target)])
  expect(readdirSync(cache)).toEqual(['libc'])
  expect(readdirSync(path.join(target, 'usr/lib'))).toEqual(['libc.so.6'])
})

test.runIf(hasAptSources)(
  'the download uses the newer release of the distribution, with its own apt state',
  async () => {
    const record = path.join(folder, 'record')
    standIn(
      'apt-get',
      `for a in "$@"; do case "$a" in Dir::Etc::sourcelist=*) cat "\${a#*=}" >> ${record};; esac; done; exit 1`,
    )
    await expect(fetchLibraries('trixie', path.join(cache, 'libc'))).rejects.toThrow()
    const { readFileSync } = await import('node:fs')
    expect(readFileSync(record, 'utf8')).toMatch(/trixie/)
    expect(readdirSync(cache)).toEqual([])
  },
)

test.runIf(hasAptSources)('a failure is reported in the words of apt', async () => {
  standIn('apt-get', 'echo "Err: something" >&2; echo "E: Failed to fetch http://mirror/InRelease" >&2; exit 100')
  await expect(fetchLibraries('trixie', path.join(cache, 'libc'))).rejects.toThrow('E: Failed to fetch')
})
