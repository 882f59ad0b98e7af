import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { brand } from '#app/brand.mjs'
import { ROOT } from '../../scripts/local/project.mjs'

const SOURCES = ['app', 'models', 'public', 'sandbox', 'scripts', 'test']
const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json', 'vite.config.ts']

/** The name of the copied project, and the colors that replace two of the original's. */
export const OTHER = {
  name: 'Zorblat',
  senderAddress: 'mail@zorblat.test',
  supportAddress: 'help@zorblat.test',
  ink: '#3d0a52',
  credit: '#7a1fa2',
}

/** Copies the project and edits the copy's brand file, as a new owner would. */
export function rebrandedCopy(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rebranded-'))
  for (const name of [...SOURCES, ...SETTINGS])
    cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true })
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
  const file = path.join(folder, 'app/brand.mjs')
  const edited = readFileSync(file, 'utf8')
    .replace(/^ {2}name: .*$/m, `  name: '${OTHER.name}',`)
    .replace(/^ {2}senderAddress: .*$/m, `  senderAddress: '${OTHER.senderAddress}',`)
    .replace(/^ {2}supportAddress: .*$/m, `  supportAddress: '${OTHER.supportAddress}',`)
    .replaceAll(brand.colors.ink[0], OTHER.ink)
    .replaceAll(brand.colors.credit[0], OTHER.credit)
  writeFileSync(file, edited)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
