import type { List } from '../core/shapes.ts'
import type { Table } from '../core/store.ts'
import type { World } from '../core/world.ts'
import { invalidRequest } from '../core/errors.ts'
import { hash, list as listOf, atLeast, text } from './params.ts'
import type { Shape, Values } from './params.ts'

export type Method = 'GET' | 'POST' | 'DELETE'

/** A request as an endpoint sees it: its parameters are read and checked. */
export interface Call<P> {
  world: World
  params: P
  /** What stood in the path where it says `:id`. */
  ids: string[]
  /** The version of the API in which it is asked. */
  version: string
}

/** One line of the API: where it is, what it takes, what it does. */
export interface Endpoint {
  method: Method
  path: string
  read: (raw: Record<string, unknown>) => unknown
  handle: (call: Call<unknown>) => unknown
}

export function endpoint<const S extends Shape>(
  line: `${Method} /v1/${string}`,
  shape: S,
  handle: (call: Call<Values<S>> & { id: string }) => unknown,
): Endpoint {
  const [method, path] = line.split(' ') as [Method, string]
  const params = hash({ ...shape, expand: listOf(text) })
  return {
    method,
    path,
    read: (raw) => params.parse(raw as never, ''),
    handle: (call) => handle({ ...(call as Call<Values<S>>), id: call.ids[0] ?? '' }),
  }
}

const paging = { limit: atLeast(1), starting_after: text, ending_before: text }

/** A list endpoint: newest first, in pages, with the filters that `keep` understands. */
export function listEndpoint<T extends { id: string }, const S extends Shape>(
  line: `GET /v1/${string}`,
  table: (world: World) => Table<T>,
  filters: S,
  keep: (row: T, call: Call<Values<S>>) => boolean = () => true,
  view: (row: T, world: World) => unknown = (row) => row,
): Endpoint {
  return endpoint(line, { ...paging, ...filters }, (call) => {
    const filtered = call as unknown as Call<Values<S>>
    const page = paginate(table(call.world), call.params as Paging, (row) => keep(row, filtered))
    const path = call.ids.reduce((url, id) => url.replace(/:\w+/, id), line.split(' ')[1]!)
    return {
      object: 'list',
      data: page.data.map((row) => view(row, call.world)),
      has_more: page.hasMore,
      url: path,
    } satisfies List<unknown>
  })
}

interface Paging {
  limit?: number
  starting_after?: string
  ending_before?: string
}

function paginate<T extends { id: string }>(
  table: Table<T>,
  { limit = 10, starting_after, ending_before }: Paging,
  keep: (row: T) => boolean,
): { data: T[]; hasMore: boolean } {
  if (limit > 100)
    throw invalidRequest('Invalid integer: limit must be at most 100', 'limit', 'parameter_invalid_integer')
  if (starting_after && ending_before)
    throw invalidRequest('You cannot provide both starting_after and ending_before.', 'ending_before')
  const cursor = starting_after ?? ending_before
  if (cursor && !table.get(cursor))
    throw invalidRequest(
      `No such ${table.name}: '${cursor}'`,
      starting_after ? 'starting_after' : 'ending_before',
      'resource_missing',
    )
  const data: T[] = []
  let reached = cursor === undefined
  // Walking from the cursor: downward for the next page, upward (then turned round) for the previous one.
  for (const row of ending_before ? table.oldestFirst() : table.newestFirst()) {
    if (reached && keep(row)) data.push(row)
    if (row.id === cursor) reached = true
    if (data.length > limit) break
  }
  const hasMore = data.length > limit
  const page = data.slice(0, limit)
  return { data: ending_before ? page.reverse() : page, hasMore }
}

/** Whether a moment lies in the range that a filter asks for. */
export function within(
  moment: number,
  range: { gt?: number; gte?: number; lt?: number; lte?: number } | undefined,
): boolean {
  if (!range) return true
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range
  return moment > gt && moment >= gte && moment < lt && moment <= lte
}
