import type { ServerBuild } from '@remix-run/node'
import { matchRoutes } from '@remix-run/react'

interface RouteNode {
  id: string
  path?: string
  index?: boolean
  children?: RouteNode[]
}

export interface MatchedRoute {
  /** `/api/credits/holds/:holdId`, for logs and metrics: a path may contain ids and secrets. */
  pattern: string
  /** True for the catch-all route. */
  isSplat: boolean
  /** The methods of a resource route; null for pages, where Remix answers. */
  methods: string[] | null
}

type RouteTable = (path: string) => MatchedRoute | null

const tables = new WeakMap<ServerBuild, RouteTable>()

/**
 * The routes of a build, for decisions before Remix is called.
 * @returns a function from a path to the route that will answer it, or null; one per build
 */
export function routeTable(build: ServerBuild): RouteTable {
  const table = tables.get(build) ?? makeTable(build)
  tables.set(build, table)
  return table
}

function makeTable(build: ServerBuild): RouteTable {
  const tree = childrenOf(build, undefined)
  // Matching ranks all routes every time. A path that equals its pattern always has the same result, and there are only as
  // many of those as routes.
  const known = new Map<string, MatchedRoute>()
  return (path) => {
    const cached = known.get(path)
    if (cached) return cached
    const matches = match(tree, path)
    const leaf = matches?.at(-1)
    if (!matches || !leaf) return null
    const pattern = `/${matches
      .map(({ route }) => route.path)
      .filter(Boolean)
      .join('/')}`
    const found = { pattern, isSplat: leaf.route.path === '*', methods: methodsOf(build, leaf.route.id) }
    if (pattern === path) known.set(path, found)
    return found
  }
}

function childrenOf(build: ServerBuild, parentId: string | undefined): RouteNode[] {
  return Object.values(build.routes)
    .filter((route) => route !== undefined && route.parentId === parentId)
    .map((route) => {
      const { id, path, index } = route as RouteNode
      return index ? { id, path, index } : { id, path, children: childrenOf(build, id) }
    })
}

function match(tree: RouteNode[], path: string) {
  try {
    return matchRoutes(tree as Parameters<typeof matchRoutes>[0], path) as { route: RouteNode }[] | null
  } catch {
    // A path that cannot be decoded, like /%E0%A4%A.
    return null
  }
}

function methodsOf(build: ServerBuild, routeId: string): string[] | null {
  const module = build.routes[routeId]?.module
  if (!module || module.default !== undefined || module.ErrorBoundary !== undefined) return null
  return [...(module.loader ? ['GET', 'HEAD'] : []), ...(module.action ? ['POST', 'PUT', 'PATCH', 'DELETE'] : [])]
}
