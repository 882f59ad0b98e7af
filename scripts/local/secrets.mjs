/** The secrets of a local installation, generated once per data folder. */
import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const MAKERS = {
  SESSION_SECRET: () => randomBytes(32).toString('base64url'),
  STRIPE_SECRET_KEY: () => `sk_test_${randomBytes(24).toString('hex')}`,
  STRIPE_WEBHOOK_SECRET: () => `whsec_${randomBytes(24).toString('hex')}`,
  DEMO_PASSWORD: () => `demo-${randomBytes(5).toString('hex')}`,
}

/**
 * Reads the folder's secrets, and creates missing ones. Two processes that do so at once get the same secrets.
 * @param {string} folder
 * @returns {Record<keyof typeof MAKERS, string>}
 */
export function localSecrets(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = path.join(folder, 'secrets.json')
  const known = read(file)
  if (known && Object.keys(MAKERS).every((name) => known[name])) return known
  const made = Object.fromEntries(Object.entries(MAKERS).map(([name, make]) => [name, make()]))
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify({ ...made, ...known }, null, 2)}\n`, { mode: 0o600 })
  try {
    if (known) renameSync(draft, file)
    else linkSync(draft, file)
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
  return read(file)
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}
