import { brand } from '../../app/brand.mjs'

// Uses only syntax of the oldest Node with modules, because it has to run there to report it.
const MINIMUM = [20, 19]

/** Exits with a message on a Node that is too old for the project. */
export function requireNode() {
  const version = process.versions.node.split('.').map(Number)
  if (version[0] > MINIMUM[0] || (version[0] === MINIMUM[0] && version[1] >= MINIMUM[1])) return
  console.error(
    brand.name + ' needs Node ' + MINIMUM.join('.') + ' or newer, and this is ' + process.versions.node + '.',
  )
  console.error('Get it from https://nodejs.org, or with a version manager: nvm install 22')
  process.exit(1)
}
