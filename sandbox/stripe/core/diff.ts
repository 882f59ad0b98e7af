type Hash = Record<string, unknown>

/**
 * The `previous_attributes` of an update event: the old values of changed fields. Hashes are compared key by
 * key (a new key is null), lists and arrays are included whole.
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
