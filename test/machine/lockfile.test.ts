import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface LockedPackage {
  version?: string
  optionalDependencies?: Record<string, string>
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, LockedPackage>
}

/** Where Node would find a package: in the folder of whoever wants it, or in one of those above. */
function isLocked(wantedBy: string, name: string): boolean {
  for (let place = wantedBy; ; place = place.slice(0, Math.max(place.lastIndexOf('node_modules/') - 1, 0))) {
    if (packages[`${place === '' ? '' : `${place}/`}node_modules/${name}`]) return true
    if (place === '') return false
  }
}

// npm leaves them out when it cannot see them at the moment it writes the file; `npm ci` then refuses all of it.
test('package-lock.json has the packages of every platform, not only of the one it was written on', () => {
  const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(place, name)),
  )
  expect(missing).toEqual([])
})
