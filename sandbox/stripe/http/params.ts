import { invalidRequest, missingParameter } from '../core/errors.ts'
import type { Raw, RawHash } from './form.ts'

/** One parameter of an endpoint: how it is parsed, and Stripe's error if that fails. */
export interface Param<T> {
  parse(raw: Raw, path: string): T
  required?: boolean
}

type Value<P> = P extends Param<infer T> ? T : never
type RequiredKeys<S> = { [K in keyof S]: S[K] extends { required: true } ? K : never }[keyof S]
export type Values<S> = { [K in RequiredKeys<S>]: Value<S[K]> } & {
  [K in Exclude<keyof S, RequiredKeys<S>>]?: Value<S[K]>
}
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the parameters of a hash are of any type, each its own
export type Shape = Record<string, Param<any>>

export const text: Param<string> = {
  parse(raw, path) {
    if (typeof raw !== 'string') throw invalidRequest('Invalid string', path)
    if (raw === '')
      throw invalidRequest(
        `You passed an empty string for '${path}'. We assume empty values are an attempt to unset a parameter; however '${path}' cannot be unset. You should remove '${path}' from your request or supply a non-empty value.`,
        path,
        'parameter_invalid_empty',
      )
    if (raw.length > 5000)
      throw invalidRequest(
        `Invalid string: must be at most 5000 characters`,
        path,
        'parameter_invalid_string_max_length',
      )
    return raw
  },
}

export const integer: Param<number> = {
  parse(raw, path) {
    if (typeof raw !== 'string' || !/^-?\d{1,15}$/.test(raw))
      throw invalidRequest(`Invalid integer: ${show(raw)}`, path, 'parameter_invalid_integer')
    return Number(raw)
  },
}

export const decimal: Param<number> = {
  parse(raw, path) {
    if (typeof raw !== 'string' || !/^-?\d+(\.\d+)?$/.test(raw))
      throw invalidRequest(`Invalid decimal: ${show(raw)}`, path)
    return Number(raw)
  },
}

export const flag: Param<boolean> = {
  parse(raw, path) {
    if (raw === 'true') return true
    if (raw === 'false') return false
    throw invalidRequest(`Invalid boolean: ${show(raw)}`, path)
  },
}

export function atLeast(minimum: number): Param<number> {
  return {
    parse(raw, path) {
      const value = integer.parse(raw, path)
      if (value < minimum)
        throw invalidRequest(
          `This value must be greater than or equal to ${minimum}.`,
          path,
          'parameter_invalid_integer',
        )
      return value
    },
  }
}

export function oneOf<const T extends string>(...choices: T[]): Param<T> {
  return {
    parse(raw, path) {
      const choice = choices.find((candidate) => candidate === raw)
      if (choice !== undefined) return choice
      const name = path.match(/\[?([^[\]]+)\]?$/)?.[1] ?? path
      const last = choices.at(-1)
      const all = choices.length > 1 ? `one of ${choices.slice(0, -1).join(', ')}, or ${last}` : last
      throw invalidRequest(`Invalid ${name}: must be ${all}`, path)
    },
  }
}

/** Either of two parsers, the first that succeeds: a timestamp or the word `now`. */
export function either<A, B>(first: Param<A>, second: Param<B>): Param<A | B> {
  return {
    parse(raw, path) {
      try {
        return first.parse(raw, path)
      } catch {
        return second.parse(raw, path)
      }
    },
  }
}

/** An empty string unsets the value. */
export function emptyable<T>(inner: Param<T>): Param<T | null> {
  return { parse: (raw, path) => (raw === '' ? null : inner.parse(raw, path)) }
}

export function list<T>(inner: Param<T>): Param<T[]> {
  return {
    parse(raw, path) {
      if (!Array.isArray(raw)) throw invalidRequest('Invalid array', path)
      return raw.map((item, index) => inner.parse(item, `${path}[${index}]`))
    },
  }
}

export function hash<S extends Shape>(shape: S): Param<Values<S>> {
  return {
    parse(raw, path) {
      if (typeof raw === 'string' || Array.isArray(raw)) throw invalidRequest('Invalid object', path)
      const within = (key: string) => (path ? `${path}[${key}]` : key)
      const unknown = Object.keys(raw)
        .filter((key) => !Object.hasOwn(shape, key))
        .map(within)
      const beyond = unknown.find((path) => BEYOND.has(path))
      if (beyond)
        throw invalidRequest(
          `Stripe has the parameter ${beyond}, the sandbox does not support it.`,
          beyond,
          'sandbox_unsupported',
        )
      if (unknown.length > 0)
        throw invalidRequest(
          `Received unknown parameter${unknown.length > 1 ? 's' : ''}: ${unknown.join(', ')}`,
          unknown[0],
          'parameter_unknown',
        )
      const values: Record<string, unknown> = {}
      for (const [key, param] of Object.entries(shape)) {
        const value = raw[key]
        if (value !== undefined) values[key] = param.parse(value, within(key))
        else if (param.required) throw missingParameter(within(key))
      }
      return values as Values<S>
    },
  }
}

/** A hash with arbitrary keys, such as currencies. */
export function record<T>(inner: Param<T>): Param<Record<string, T>> {
  return {
    parse(raw, path) {
      if (typeof raw === 'string' || Array.isArray(raw)) throw invalidRequest('Invalid object', path)
      return Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, inner.parse(value, `${path}[${key}]`)]))
    },
  }
}

/** Parameters of Stripe that the sandbox does not support; the error says so, instead of calling them unknown. */
const BEYOND = new Set(
  `account_tax_ids amount_details application_fee_amount application_fee_percent automatically_finalizes_at
  billing_cycle_anchor_config billing_schedules billing_thresholds cash_balance confirmation_token custom_fields
  customer_account default_source default_tax_rates effective_at from_invoice hooks issuer managed_payments mandate
  mandate_data on_behalf_of optional_items pause_schedules payment_details payment_method_configuration
  pending_invoice_item_interval permissions radar_options schedule_details shipping_address_collection shipping_cost
  shipping_details shipping_options statement_descriptor_suffix tax_id_data transfer_data`.split(/\s+/),
)

export function required<T>(param: Param<T>): Param<T> & { required: true } {
  return { parse: (raw, path) => param.parse(raw, path), required: true }
}

/** Key-value pairs; an empty value removes its key, an empty string removes all of them. */
export const metadata: Param<Record<string, string> | null> = {
  parse(raw, path) {
    if (raw === '') return null
    if (typeof raw === 'string' || Array.isArray(raw)) throw invalidRequest('Invalid object', path)
    const pairs = Object.entries(raw)
    if (pairs.length > 50) throw invalidRequest('You can have at most 50 metadata keys.', path)
    for (const [key, value] of pairs) {
      if (typeof value !== 'string') throw invalidRequest('Metadata values must be strings', `${path}[${key}]`)
      if (key.length > 40 || value.length > 500)
        throw invalidRequest('Metadata keys can have at most 40 characters, values at most 500.', `${path}[${key}]`)
    }
    return raw as Record<string, string>
  },
}

/** Accepted and ignored: the real API acts on it, but the app does not depend on that. */
export const ignored: Param<unknown> = { parse: (raw) => raw }

export const address = hash({
  city: emptyable(text),
  country: emptyable(text),
  line1: emptyable(text),
  line2: emptyable(text),
  postal_code: emptyable(text),
  state: emptyable(text),
})

/** `created[gte]=…` or `created=…`. */
export const range: Param<{ gt?: number; gte?: number; lt?: number; lte?: number }> = {
  parse(raw, path) {
    if (typeof raw !== 'string') return hash({ gt: integer, gte: integer, lt: integer, lte: integer }).parse(raw, path)
    const moment = integer.parse(raw, path)
    return { gte: moment, lte: moment }
  },
}

function show(raw: Raw): string {
  return typeof raw === 'string' ? raw : JSON.stringify(raw)
}

/** The metadata after an update: pairs are merged, an empty value removes its key. */
export function mergeMetadata(
  before: Record<string, string>,
  change: Record<string, string> | null | undefined,
): Record<string, string> {
  if (change === undefined) return before
  if (change === null) return {}
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== ''))
}

export type { Raw, RawHash }
