import type { HeadersFunction, ServerBuild } from '@remix-run/node'

/** What an answer of a page carries over from its loader or action beside cookies. */
const CARRIED = ['Retry-After']

const builds = new WeakMap<ServerBuild, ServerBuild>()

/**
 * Lets every page pass on the headers of a refusal. Remix drops what a loader, an action or a thrown response says,
 * unless the route's module has a function for it; this gives one to each route that lacks it.
 * @param build the build as it was made
 * @returns the same build but for that, one for each build
 */
export function carryHeaders(build: ServerBuild): ServerBuild {
  const known = builds.get(build)
  if (known) return known
  const routes = Object.entries(build.routes).map(([id, route]) => [
    id,
    route && { ...route, module: { ...route.module, headers: route.module.headers ?? headersOf } },
  ])
  const carrying = { ...build, routes: Object.fromEntries(routes) as ServerBuild['routes'] }
  builds.set(build, carrying)
  return carrying
}

const headersOf: HeadersFunction = ({ parentHeaders, loaderHeaders, actionHeaders, errorHeaders }) => {
  const headers = new Headers(parentHeaders)
  for (const source of [loaderHeaders, actionHeaders, errorHeaders]) {
    for (const name of CARRIED) {
      const value = source?.get(name)
      if (value) headers.set(name, value)
    }
  }
  return headers
}
