import type { z } from 'zod'
import type { Feature, Limit, Plan } from '../billing/plans.ts'
import { type FieldProblem, InvalidActionInput } from './errors.ts'

/** The unit of an action, and what one costs. */
export interface ActionUnit {
  /** As in "1 code". */
  one: string
  /** As in "12 codes". */
  many: string
  /** Credits for one unit; a whole number. */
  credits: number
  /** The units are an upper bound, and what is not used is returned. */
  isUpTo?: boolean
}

/** A field of the action's form. It only says how to ask: the input schema decides what is valid. */
export interface ActionField {
  name: string
  label: string
  kind: 'text' | 'textarea' | 'number' | 'select'
  hint?: string
  options?: { value: string; label: string }[] | (() => { value: string; label: string }[])
  defaultValue?: string
}

/** A file that a run made. */
interface ActionFile {
  /** Also the last part of its address, as `qr-code.png`. */
  name: string
  contentType: string
  /** As in "Download PNG". */
  label: string
  body: Uint8Array
}

/** The result of a run. It is stored, so that a repeated request shows the same. */
export interface ActionResult {
  /** Units that were used, if that can be fewer than requested. */
  unitsUsed?: number
  /** The text that a streamed run has written. */
  text?: string
  /** Why the result is not complete, if it is not. */
  note?: string
  /** What the page says about the result, as label and text. */
  facts: Record<string, string>
  files: ActionFile[]
}

/** What a run knows of its caller. */
interface ActionContext {
  plan: Plan
  /** Aborts when the run takes too long, or its owner stops it: then its reason is a {@link RunStopped}. */
  signal: AbortSignal
  /** Of a streamed run: shows all that was written so far, and the units used for it. */
  report: (text: string, unitsUsed: number) => void
}

/** The owner has stopped a run. */
export class RunStopped extends Error {}

/** An action as its author writes it: app/actions/README.md shows one. */
interface ActionDefinition<Schema extends z.ZodType> {
  /** Part of addresses and of every ledger entry: never change it. */
  id: string
  title: string
  /** One sentence. */
  summary: string
  unit: ActionUnit
  fields: ActionField[]
  /** Must refuse everything that can be wrong with the input, before anything is charged. */
  input: Schema
  /** Units that the input needs; one if this is absent. */
  units?: (input: z.infer<Schema>) => number
  /** A feature that the plan must have. */
  feature?: Feature
  /** Features that add to the result; the page names the plans that have those the user lacks. */
  extras?: Feature[]
  /** A limit of the plan that each run counts toward. */
  limit?: Limit
  /** Longest time a run may take. */
  timeoutMs?: number
  /**
   * Runs beside the request, so that it continues when the customer leaves, and shows what it writes. When it is stopped or its
   * time is over it returns what there is.
   */
  isStreamed?: boolean
  /** Whether it can be run here; always if this is absent. */
  isOffered?: () => boolean
  /** Does the work, without knowing of credits: if it throws, nothing is charged. */
  run: (input: z.infer<Schema>, context: ActionContext) => Promise<ActionResult>
}

/** A checked request to run an action, with its price. */
export interface PreparedRun {
  units: number
  credits: number
  /** The parsed input, for comparing a repeated request with the first. */
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
 * Makes a paid action from its definition. run-action.server.ts charges, releases after a failure and records; an action
 * never does.
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

/** One problem per field: later ones mostly follow from the first. */
function problemsOf(issues: z.core.$ZodIssue[]): FieldProblem[] {
  const problems = new Map<string, FieldProblem>()
  for (const { path, message } of issues) {
    const field = String(path[0] ?? '')
    if (!problems.has(field)) problems.set(field, { field, message })
  }
  return [...problems.values()]
}

/** A price that is not a positive integer is a mistake in the action, not in the user's input. */
function assertWholeCredits(actionId: string, credits: number): void {
  if (!Number.isSafeInteger(credits) || credits < 1) {
    throw new Error(`The price of ${actionId} must be a whole number of credits from 1, not ${credits}`)
  }
}
