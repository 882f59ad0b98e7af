import type { z } from 'zod'
import type { Feature, Limit, Plan } from '../billing/plans.ts'
import { type FieldProblem, InvalidActionInput } from './errors.ts'

/** What one run is counted in, and what one of it costs. */
export interface ActionUnit {
  /** As in "1 code". */
  one: string
  /** As in "12 codes". */
  many: string
  /** Credits for one unit; a whole number. */
  credits: number
}

/** One field of the action's form; the input schema decides what is right, this only says how to ask. */
export interface ActionField {
  name: string
  label: string
  kind: 'text' | 'textarea' | 'number' | 'select'
  hint?: string
  options?: { value: string; label: string }[]
  defaultValue?: string
  /** Hints for the browser; the schema holds the real bounds. */
  min?: number
  max?: number
}

/** A file that a run made. */
export interface ActionFile {
  /** Also the last part of its address, as `qr-code.png`. */
  name: string
  contentType: string
  /** As in "Download PNG". */
  label: string
  body: Uint8Array
}

/** What a run gives back. It is stored, so that a repeated request shows the same. */
export interface ActionResult {
  /** Units that were really used, where that can be fewer than were asked for. */
  unitsUsed?: number
  /** What the page says about the result, as label and text. */
  facts: Record<string, string>
  files: ActionFile[]
}

/** What a run may know of its caller. */
export interface ActionContext {
  plan: Plan
  /** Aborts when the run has taken too long. */
  signal: AbortSignal
}

/** An action as its author writes it: app/actions/README.md shows one. */
export interface ActionDefinition<Schema extends z.ZodType> {
  /** Stands in addresses and in every ledger entry; never change it. */
  id: string
  title: string
  /** One sentence. */
  summary: string
  unit: ActionUnit
  fields: ActionField[]
  /** Everything that can be wrong with the input must fail here, before anything is charged. */
  input: Schema
  /** Units that the input asks for; always one where this is absent. */
  units?: (input: z.infer<Schema>) => number
  /** A feature that the plan must have. */
  feature?: Feature
  /** Features that add to the result where the plan has them; the page names the plans that have the others. */
  extras?: Feature[]
  /** A limit of the plan that each run counts toward. */
  limit?: Limit
  /** Longest time a run may take. */
  timeoutMs?: number
  /** Does the work. It knows nothing of credits: when it throws, nothing is charged. */
  run: (input: z.infer<Schema>, context: ActionContext) => Promise<ActionResult>
}

/** A checked request to run an action, with its price. */
export interface PreparedRun {
  units: number
  credits: number
  /** The input as the schema left it, for comparing a repeated request with the first. */
  input: unknown
  run(context: ActionContext): Promise<ActionResult>
}

/** What credits buy. */
export interface PaidAction extends Omit<ActionDefinition<z.ZodType>, 'input' | 'units' | 'run'> {
  timeoutMs: number
  /** True where every run counts as one unit. */
  isFixedPrice: boolean
  /**
   * Checks an input and works out its price.
   * @throws InvalidActionInput
   */
  prepare(raw: unknown): PreparedRun
}

const DEFAULT_TIMEOUT_MS = 10_000

/**
 * Makes a paid action of its definition. Charging, giving back on failure and recording are the registry's
 * (run-action.server.ts), never the action's.
 * @param definition what the action is, costs and does
 * @returns the action as the rest of the app sees it
 */
export function defineAction<Schema extends z.ZodType>(definition: ActionDefinition<Schema>): PaidAction {
  const { input: schema, units: count, run, timeoutMs = DEFAULT_TIMEOUT_MS, ...rest } = definition
  assertWholeCredits(definition.id, definition.unit.credits)
  return {
    ...rest,
    timeoutMs,
    isFixedPrice: count === undefined,
    prepare(raw) {
      const parsed = schema.safeParse(raw)
      if (!parsed.success) throw new InvalidActionInput(problemsOf(parsed.error.issues))
      const input = parsed.data
      const units = count ? count(input) : 1
      const credits = units * definition.unit.credits
      assertWholeCredits(definition.id, credits)
      return { units, credits, input, run: (context) => run(input, context) }
    },
  }
}

/** One problem a field: what follows from the first says nothing new. */
function problemsOf(issues: z.core.$ZodIssue[]): FieldProblem[] {
  const problems = new Map<string, FieldProblem>()
  for (const { path, message } of issues) {
    const field = String(path[0] ?? '')
    if (!problems.has(field)) problems.set(field, { field, message })
  }
  return [...problems.values()]
}

/** A price that is not a positive integer is a mistake in the action, so it is not reported as the user's. */
function assertWholeCredits(actionId: string, credits: number): void {
  if (!Number.isSafeInteger(credits) || credits < 1) {
    throw new Error(`The price of ${actionId} must be a whole number of credits from 1, not ${credits}`)
  }
}
