/** Puts another database name into a connection string, which may name several hosts and so is no URL. */
export function withDatabaseName(uri: string, name: string): string {
  const match = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?(\?.*)?$/.exec(uri)
  if (!match) throw new Error('not a mongodb:// address')
  return `${match[1]}/${name}${match[2] ?? ''}`
}
