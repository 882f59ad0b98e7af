type Hash = Record<string, unknown>

/**
 * What `previous_attributes` of an update event says: the old values of what changed. Hashes are compared key by
 * key (a key that was not there before is null), lists and arrays come whole.
 */
export function previousAttributes(before: object, after: object): Hash {
  const previous: Hash = {}
  const was = before as Hash
  const is = after as Hash
  for (const key of new Set([...Object.keys(was), ...Object.keys(is)])) {
    if (same(was[key], is[key])) continue
    if (!isHash(was[key]) || !isHash(is[key])) previous[key] = was[key] ?? null
    else if (was[key].object === 'list') previous[key] = { data: was[key].data }
    else previous[key] = previousAttributes(was[key], is[key])
  }
  return previous
}

export function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

function isHash(value: unknown): value is Hash {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
