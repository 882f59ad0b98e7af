import type { HeadersFunction, ServerBuild } from '@remix-run/node'

/** Headers that a page passes on from its loader or action, beside cookies. */
const CARRIED = ['Retry-After']

const builds = new WeakMap<ServerBuild, ServerBuild>()

/**
 * Makes every page pass on the headers of a refusal. Remix drops those of loaders, actions and thrown responses unless the
 * route's module has a `headers` function, so each route without one gets this one.
 * @returns a copy of the build, the same one for each call
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
