import { brand } from '../../app/brand.mjs'

// Written for the oldest Node that has modules: it is what tells people that theirs is too old.
const MINIMUM = [20, 19]

/** Ends the process, in words, on a Node that cannot run the project. */
export function requireNode() {
  const version = process.versions.node.split('.').map(Number)
  if (version[0] > MINIMUM[0] || (version[0] === MINIMUM[0] && version[1] >= MINIMUM[1])) return
  console.error(
    brand.name + ' needs Node ' + MINIMUM.join('.') + ' or newer, and this is ' + process.versions.node + '.',
  )
  console.error('Get it from https://nodejs.org, or with a version manager: nvm install 22')
  process.exit(1)
}
