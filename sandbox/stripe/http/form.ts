/** A form with brackets: `items[0][price]=x` is `{ items: [{ price: 'x' }] }`. */
export type Raw = string | Raw[] | { [key: string]: Raw }
export type RawHash = Record<string, Raw>

/** Parses `application/x-www-form-urlencoded` text (or a query) as Stripe does, with brackets. */
export function parseForm(text: string): RawHash {
  const root: RawHash = Object.create(null) as RawHash
  for (const [key, value] of new URLSearchParams(text)) place(root, steps(key), value)
  return arrays(root) as RawHash
}

function steps(key: string): string[] {
  const open = key.indexOf('[')
  if (open <= 0) return [key]
  return [key.slice(0, open), ...[...key.slice(open).matchAll(/\[([^\]]*)\]/g)].map((match) => match[1]!)]
}

function place(target: RawHash, path: string[], value: string): void {
  const [step, ...rest] = path
  // `expand[]=a&expand[]=b`: an empty bracket is the next free index.
  const key = step === '' ? String(Object.keys(target).length) : step!
  if (rest.length === 0) {
    target[key] = value
    return
  }
  const child = target[key]
  if (typeof child !== 'object') target[key] = Object.create(null) as RawHash
  place(target[key] as RawHash, rest, value)
}

/** Turns hashes whose keys are all numbers into arrays. */
function arrays(value: Raw): Raw {
  if (typeof value === 'string') return value
  const entries = Object.entries(value).map(([key, child]) => [key, arrays(child)] as const)
  if (entries.length > 0 && entries.every(([key]) => /^\d+$/.test(key)))
    return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => child)
  return Object.fromEntries(entries)
}
