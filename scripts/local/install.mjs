import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { inProject, Refusal, ROOT } from './project.mjs'

/**
 * True when node_modules matches package-lock.json. npm keeps a record of what it installed, written when it
 * is done: comparing the two needs no stamp of our own and notices a manual install as well.
 */
export function isInstalled() {
  const wanted = packages(inProject('package-lock.json'))
  const installed = packages(inProject('node_modules/.package-lock.json'))
  if (!wanted || !installed) return false
  return Object.entries(wanted).every(([place, { version, optional, link }]) => {
    if (place === '' || link) return true
    const found = installed[place]
    // npm leaves out packages for other platforms.
    return found ? found.version === version : optional === true
  })
}

/**
 * Installs what is missing.
 * @returns {Promise<boolean>} whether anything was installed
 */
export async function ensureInstalled() {
  if (isInstalled()) return false
  console.log('  Installing the dependencies; the first time this takes a minute or two.')
  // Building needs the development dependencies, also with NODE_ENV=production.
  await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
  return true
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: process.platform === 'win32',
    })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) return resolve()
      reject(new Refusal(`\`${command} ${args.join(' ')}\` failed. See its output above, and run it yourself.`))
    })
  })
}

function packages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return null
  }
}
