import { Agenda } from './agenda.ts'
import { Clock } from './clock.ts'
import type { Seconds } from './clock.ts'
import type { Journal } from './journal.ts'
import { Tables } from './tables.ts'
import type { SettingsRow } from './rows.ts'
import { dueAt, clockOf } from './due-dates.ts'

/** The request that caused an event; null if time caused it. */
export interface Cause {
  request: string | null
  idempotencyKey: string | null
}

export interface WorldOptions {
  journal?: Journal
  /** The address of the hosted pages, known once the server listens. */
  baseUrl?: string
  /** The business name on pages and invoices. */
  accountName?: string
  machineNow?: () => Seconds
  /** Seconds by which a new world starts in the past, so that a history can be created in it. */
  startsBehind?: Seconds
}

const FIRST_SETTINGS: SettingsRow = {
  id: 'settings',
  clockOffset: 0,
  retryAfterDays: [3, 5, 7],
  afterLastRetry: 'cancel',
  taxPercentages: { AT: 20, AU: 10, BE: 21, DE: 19, ES: 21, FR: 20, GB: 20, IE: 23, IT: 22, NL: 21, PL: 23, SE: 25 },
}

/**
 * One Stripe account: its objects, its clock, what is due, and the listeners for each finished unit of
 * work. Every change happens inside `run`, synchronously, so nothing interleaves.
 */
export class World {
  readonly tables = new Tables()
  readonly agenda = new Agenda()
  readonly clock: Clock
  readonly #journal: Journal | undefined
  readonly #listeners: ((touched: Map<string, Set<string>>) => void)[] = []
  readonly accountName: string
  baseUrl: string
  cause: Cause = { request: null, idempotencyKey: null }

  constructor({
    journal,
    baseUrl = 'http://127.0.0.1',
    accountName = 'Shop',
    machineNow,
    startsBehind = 0,
  }: WorldOptions = {}) {
    this.accountName = accountName
    this.baseUrl = baseUrl
    this.#journal = journal
    if (journal) {
      for (const changes of journal.lines()) this.tables.apply(changes)
      journal.compact(this.tables.everything())
    }
    const settings = this.tables.settings.get('settings') ?? { ...FIRST_SETTINGS, clockOffset: -startsBehind }
    this.clock = new Clock(settings.clockOffset, machineNow)
    if (!this.tables.settings.get('settings')) this.run(() => this.tables.settings.insert(settings))
    this.#remember(new Map(Object.entries(this.tables.everything().rows).map(([name, rows]) => [name, ids(rows)])))
  }

  get settings(): SettingsRow {
    return this.tables.settings.get('settings')!
  }

  /** The current time of a customer: that of its test clock, or else the sandbox's. */
  now(customer?: string | null): Seconds {
    const clock = customer ? this.tables.customers.get(customer)?.test_clock : null
    return this.onClock(clock ?? null)
  }

  onClock(clock: string | null): Seconds {
    return (clock && this.tables.testClocks.get(clock)?.frozen_time) || this.clock.now()
  }

  /** One unit of work, all or nothing; it is on disk and in the agenda when this returns. */
  run<T>(work: () => T): T {
    const finished: Map<string, Set<string>>[] = []
    try {
      return this.tables.transactions.run(work, (touched) => {
        if (touched.size === 0) return
        this.#journal?.append(this.tables.changes(touched))
        finished.push(touched)
      })
    } finally {
      for (const touched of finished) {
        this.#remember(touched)
        for (const listener of this.#listeners) listener(touched)
      }
    }
  }

  onChange(listener: (touched: Map<string, Set<string>>) => void): void {
    this.#listeners.push(listener)
  }

  close(): void {
    this.#journal?.close()
  }

  /** Adds the due dates of the changed rows to the agenda. */
  #remember(touched: Map<string, Set<string>>): void {
    for (const [table, touchedIds] of touched)
      for (const id of touchedIds) {
        const row = this.tables.named(table)?.get(id)
        const at = row && dueAt(this.tables, table, row)
        if (at != null) this.agenda.add({ at, table, id, clock: clockOf(this.tables, row) })
      }
  }
}

function ids(rows: unknown[]): Set<string> {
  return new Set((rows as { id: string }[]).map((row) => row.id))
}
