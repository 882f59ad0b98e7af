/** The changes of one unit of work: per table the current rows, and the deleted ids. */
export interface Changes {
  rows: Record<string, unknown[]>
  gone: Record<string, string[]>
}

interface Row {
  id: string
}

/**
 * All objects of one kind, oldest first. Rows are never changed in place: an update puts a new row in the old one's
 * position, so that an event can keep the row itself as its snapshot.
 */
export class Table<T extends Row> {
  readonly #rows = new Map<string, T>()
  readonly #order: string[] = []

  constructor(
    readonly name: string,
    private readonly note: (undo: () => void, table: string, id: string) => void,
  ) {}

  get(id: string): T | undefined {
    return this.#rows.get(id)
  }

  get size(): number {
    return this.#rows.size
  }

  insert(row: T): T {
    this.note(
      () => void (this.#rows.delete(row.id), this.#order.splice(this.#order.lastIndexOf(row.id), 1)),
      this.name,
      row.id,
    )
    this.#order.push(row.id)
    this.#rows.set(row.id, row)
    return row
  }

  update(id: string, patch: Partial<T>): T {
    const before = this.#rows.get(id)
    if (!before) throw new Error(`No ${id} in ${this.name}`)
    const after = { ...before, ...patch }
    this.note(() => void this.#rows.set(id, before), this.name, id)
    this.#rows.set(id, after)
    return after
  }

  remove(id: string): void {
    const before = this.#rows.get(id)
    if (!before) return
    this.note(() => void this.#rows.set(id, before), this.name, id)
    this.#rows.delete(id)
  }

  *oldestFirst(): Generator<T> {
    for (let index = 0; index < this.#order.length; index++) {
      const row = this.#rows.get(this.#order[index]!)
      if (row) yield row
    }
  }

  *newestFirst(): Generator<T> {
    for (let index = this.#order.length - 1; index >= 0; index--) {
      const row = this.#rows.get(this.#order[index]!)
      if (row) yield row
    }
  }

  filter(keep: (row: T) => boolean): T[] {
    return [...this.newestFirst()].filter(keep)
  }

  /** Restores a row from the journal. */
  restore(row: T): void {
    if (!this.#rows.has(row.id)) this.#order.push(row.id)
    this.#rows.set(row.id, row)
  }

  forget(id: string): void {
    this.#rows.delete(id)
  }
}

/**
 * Units of work over tables. One that throws is rolled back, one that returns is committed as a whole. A preview is
 * rolled back even when it succeeds: it creates the real invoice and undoes it.
 */
export class Transactions {
  #undo: (() => void)[] | null = null
  #touched = new Map<string, Set<string>>()
  #rehearsing = 0

  readonly note = (undo: () => void, table: string, id: string): void => {
    if (!this.#undo) throw new Error(`${table} changed outside a unit of work`)
    this.#undo.push(undo)
    const ids = this.#touched.get(table) ?? new Set()
    this.#touched.set(table, ids.add(id))
  }

  get rehearsing(): boolean {
    return this.#rehearsing > 0
  }

  /** Runs a unit of work completely or not at all. `commit` gets the touched rows once the outermost unit is done. */
  run<T>(work: () => T, commit: (touched: Map<string, Set<string>>) => void): T {
    if (this.#undo) return this.#nested(work)
    this.#undo = []
    this.#touched = new Map()
    try {
      const result = work()
      commit(this.#touched)
      return result
    } catch (error) {
      if (keepsChanges(error)) commit(this.#touched)
      else this.#rollBack(0)
      throw error
    } finally {
      this.#undo = null
    }
  }

  rehearse<T>(work: () => T): T {
    const outermost = !this.#undo
    this.#undo ??= []
    const start = this.#undo.length
    this.#rehearsing++
    try {
      return work()
    } finally {
      this.#rehearsing--
      this.#rollBack(start)
      if (outermost) this.#undo = null
    }
  }

  /** Within a unit of work: an error that is a response rolls back its own changes, and the unit continues. */
  attempt<T>(work: () => T, answer: (error: unknown) => T | null): T {
    const start = this.#undo!.length
    try {
      return work()
    } catch (error) {
      const result = answer(error)
      if (result === null) throw error
      if (!keepsChanges(error)) this.#rollBack(start)
      return result
    }
  }

  #nested<T>(work: () => T): T {
    const start = this.#undo!.length
    try {
      return work()
    } catch (error) {
      if (!keepsChanges(error)) this.#rollBack(start)
      throw error
    }
  }

  #rollBack(start: number): void {
    for (const undo of this.#undo!.splice(start).reverse()) undo()
  }
}

/** Some errors keep their changes: a declined card leaves a failed charge. */
function keepsChanges(error: unknown): boolean {
  return (error as { keepsChanges?: boolean } | null)?.keepsChanges === true
}
