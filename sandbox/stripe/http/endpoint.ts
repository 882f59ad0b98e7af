import { find } from '../core/lookup.ts'
import type { ApiObject, List } from '../core/shapes.ts'
import type { Table } from '../core/store.ts'
import type { Tables } from '../core/tables.ts'
import type { World } from '../core/world.ts'
import { invalidRequest } from '../core/errors.ts'
import { hash, ignored, list as listOf, atLeast, range, text } from './params.ts'
import type { Param, Shape, Values } from './params.ts'

export type Method = 'GET' | 'POST' | 'DELETE'

/** A request as an endpoint gets it, with parsed and checked parameters. */
export interface Call<P> {
  world: World
  params: P
  /** The values of `:id` in the path. */
  ids: string[]
  /** The API version of the request. */
  version: string
}

/** One endpoint: its path, its parameters and its handler. */
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

/** The names of the tables that hold objects of the API. */
type TableName = { [Name in keyof Tables]: Tables[Name] extends Table<infer _Row> ? Name : never }[keyof Tables]
type RowOf<Name extends TableName> = Tables[Name] extends Table<infer Row> ? Row : never

/** Retrieves one object by its id. */
export function retrieveEndpoint(line: `GET /v1/${string}`, table: TableName): Endpoint {
  return endpoint(line, {}, ({ world, id }) => find(world.tables[table] as Table<ApiObject>, id))
}

const paging = { limit: atLeast(1), starting_after: text, ending_before: text }

interface ListOptions<Row, S extends Shape> {
  /** How filters match that do not compare the field of the same name. */
  by?: {
    [Key in keyof S]?: (row: Row, wanted: S[Key] extends Param<infer Value> ? NonNullable<Value> : never) => boolean
  }
  /** A condition for every object in the list, whatever the filters say. */
  where?: (row: Row, call: Call<Values<S>>) => boolean
}

/** A list endpoint: newest first, in pages. A filter is a field's value, or a range of dates. */
export function listEndpoint<Name extends TableName, const S extends Shape>(
  line: `GET /v1/${string}`,
  table: Name,
  filters: S,
  { by = {}, where = () => true }: ListOptions<RowOf<Name>, S> = {},
): Endpoint {
  type Row = RowOf<Name>
  const matches = (row: Row, key: string, wanted: never): boolean => {
    const match = by[key]
    if (match) return match(row, wanted)
    const value = (row as unknown as Record<string, unknown>)[key]
    if (filters[key] === range) return within(value as number, wanted)
    return filters[key] === ignored || value === wanted
  }
  return endpoint(line, { ...paging, ...filters }, (call) => {
    const given = Object.entries(call.params).filter(([key]) => Object.hasOwn(filters, key)) as [string, never][]
    const filtered = call as unknown as Call<Values<S>>
    const { data, hasMore } = paginate(
      call.world.tables[table] as unknown as Table<Row>,
      call.params as Paging,
      (row) => given.every(([key, wanted]) => matches(row, key, wanted)) && where(row, filtered),
    )
    const url = call.ids.reduce((path, id) => path.replace(/:\w+/, id), line.split(' ')[1]!)
    return { object: 'list', data, has_more: hasMore, url } satisfies List<unknown>
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
  // Walks from the cursor: downward for the next page, upward (then reversed) for the previous one.
  for (const row of ending_before ? table.oldestFirst() : table.newestFirst()) {
    if (reached && keep(row)) data.push(row)
    if (row.id === cursor) reached = true
    if (data.length > limit) break
  }
  const hasMore = data.length > limit
  const page = data.slice(0, limit)
  return { data: ending_before ? page.reverse() : page, hasMore }
}

/** A page of the items inside an object, in their order. */
export function pageOf<T extends { id: string }>(
  items: List<T>,
  { limit = 10, starting_after }: { limit?: number; starting_after?: string },
): List<T> {
  const start = starting_after ? items.data.findIndex(({ id }) => id === starting_after) + 1 : 0
  return { ...items, data: items.data.slice(start, start + limit), has_more: items.data.length > start + limit }
}

/** Whether a moment is in the range of a filter. */
export function within(
  moment: number,
  range: { gt?: number; gte?: number; lt?: number; lte?: number } | undefined,
): boolean {
  if (!range) return true
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range
  return moment > gt && moment >= gte && moment < lt && moment <= lte
}
