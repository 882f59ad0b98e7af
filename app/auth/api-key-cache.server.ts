import type { Types } from 'mongoose'
import type { ApiScope } from '#models/api-key.server.ts'
import type { User } from '#models/user.server.ts'

/** A key's owner as read. */
export interface KeyOwner {
  keyId: Types.ObjectId
  user: User
  scopes: readonly ApiScope[]
  /** Whose spending caps count. */
  spender: string
  /** From when on it is refused, however recently it was read. */
  expiresAt: Date | null
  /** The last use that is noted; changes with each one. */
  lastUsedAt: Date | null
}

/** How long a process may accept a key that another process has revoked. docs/security.md states it. */
export const KEY_LIFE_MS = 5_000

/** When a read began, to keep only what is still true. */
export interface ReadMark {
  time: number
  forgotten: number
}

/**
 * The owners of the API keys that this process read in the last seconds, by the hash of the key. A key that is not in it
 * is read, so it never makes a key unknown.
 */
export class ApiKeyCache {
  readonly #owners = new Map<string, { owner: KeyOwner; until: number }>()
  #forgotten = 0

  /**
   * @param time a clock that never goes back, in milliseconds
   * @param max keys to remember
   */
  constructor(
    private readonly time: () => number = () => performance.now(),
    private readonly max = 5_000,
  ) {}

  get(hash: string): KeyOwner | null {
    const known = this.#owners.get(hash)
    return known && known.until > this.time() ? known.owner : null
  }

  /** Call it before a read whose answer will be passed to `set`. */
  mark(): ReadMark {
    return { time: this.time(), forgotten: this.#forgotten }
  }

  /**
   * Remembers what a read found, counted from its start. A read that began before something was forgotten may be older
   * than the reason for that, so it is not kept.
   */
  set(hash: string, owner: KeyOwner | null, { time, forgotten }: ReadMark): void {
    this.#owners.delete(hash)
    if (!owner || forgotten !== this.#forgotten) return
    this.#owners.set(hash, { owner, until: time + KEY_LIFE_MS })
    for (const [oldest, { until }] of this.#owners) {
      if (this.#owners.size <= this.max && until > this.time()) break
      this.#owners.delete(oldest)
    }
  }

  /** Forgets every key of a user, after a change that has to hold at once. */
  forget(userId: Types.ObjectId): void {
    this.#forgotten++
    for (const [hash, { owner }] of this.#owners) if (owner.user._id.equals(userId)) this.#owners.delete(hash)
  }
}

/** This process's own. */
export const apiKeyCache = new ApiKeyCache()
