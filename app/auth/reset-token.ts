/**
 * Reads the token of a reset link by its form alone, before anything is looked up or kept.
 * @param token as it came from outside
 * @returns null for a text that no link of ours carries
 */
export function readResetToken(token: string | null): { userId: string; secret: string } | null {
  const [, userId, secret] = /^([0-9a-f]{24})\.([\w-]{43})$/.exec(token ?? '') ?? []
  return userId === undefined || secret === undefined ? null : { userId, secret }
}
