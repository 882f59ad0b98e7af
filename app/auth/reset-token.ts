/** Reads the token of a reset link by its form alone; null for a text that is not a token. */
export function readResetToken(token: string | null): { userId: string; secret: string } | null {
  const [, userId, secret] = /^([0-9a-f]{24})\.([\w-]{43})$/.exec(token ?? '') ?? []
  return userId === undefined || secret === undefined ? null : { userId, secret }
}
