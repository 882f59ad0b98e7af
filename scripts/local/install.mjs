import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { inProject, Refusal, ROOT } from './project.mjs'

/**
 * True when node_modules holds what package-lock.json wants. npm keeps a record of what it installed, written when it
 * is through: comparing the two needs no stamp of our own and sees an install by hand as well.
 */
export function isInstalled() {
  const wanted = packages(inProject('package-lock.json'))
  const installed = packages(inProject('node_modules/.package-lock.json'))
  if (!wanted || !installed) return false
  return Object.entries(wanted).every(([place, { version, optional, link }]) => {
    if (place === '' || link) return true
    const found = installed[place]
    // What is made for another kind of machine is left out by npm.
    return found ? found.version === version : optional === true
  })
}

/**
 * Installs what is missing.
 * @returns {Promise<boolean>} whether anything had to be done
 */
export async function ensureInstalled() {
  if (isInstalled()) return false
  console.log('  Installing the dependencies: the first time this takes a minute or two.')
  // Building needs the development dependencies, also where NODE_ENV says production.
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
      reject(new Refusal(`\`${command} ${args.join(' ')}\` failed. What it says above is the reason; try it by hand.`))
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
