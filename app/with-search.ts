/** A path with a query; empty values are left out. */
export function withSearch(path: string, search: Record<string, string | null>): string {
  const given = Object.entries(search).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return given.length > 0 ? `${path}?${new URLSearchParams(given).toString()}` : path
}
