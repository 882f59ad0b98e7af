import published from './stripe-shapes.json'

type Shape = string | Shape[] | { [key: string]: Shape }

/**
 * Fields of the published samples that the SDK's API version no longer has (the samples are a little older), and
 * hashes whose keys depend on their kind. Everything else must be present.
 */
const GONE: Record<string, string[]> = {
  // Since 2022-11-15 present only when expanded.
  charge: ['refunds'],
}

/** Hashes whose `type` (or enabled features) decides which keys they have. */
const VARIANTS =
  /(parent|payment_method_options|destination_details|source|payment_method_details|owner|next_action|last_payment_error|amount_details|status_details|evidence_details\.enhanced_eligibility|flow|fraud_details|billing_mode|automatic_payment_methods)$/

/**
 * Compares an object with Stripe's published sample of its kind.
 * @returns what is missing or has another JSON type, as `invoice.lines.data.0.amount: number expected, string found`
 */
export function differences(kind: string, value: unknown): string[] {
  const shape = (published as unknown as Record<string, Shape>)[kind]
  if (shape === undefined) throw new Error(`No published sample of ${kind}`)
  return compare(kind, shape, value, kind)
}

function compare(path: string, shape: Shape, value: unknown, kind: string): string[] {
  if (value === null || shape === 'null') return []
  if (value === undefined) return [`${path}: missing`]
  if (typeof shape === 'string')
    return typeOf(value) === shape ? [] : [`${path}: ${shape} expected, ${typeOf(value)} found`]
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [`${path}: array expected, ${typeOf(value)} found`]
    return value.flatMap((item, index) => compare(`${path}.${index}`, shape[0]!, item, kind))
  }
  if (typeof value !== 'object' || Array.isArray(value))
    return typeof value === 'string' && 'object' in shape ? [] : [`${path}: object expected, ${typeOf(value)} found`]
  const hash = value as Record<string, unknown>
  return Object.entries(shape).flatMap(([key, inner]) => {
    if (hash[key] === undefined && (VARIANTS.test(path) || path.endsWith('metadata') || GONE[kind]?.includes(key)))
      return []
    return compare(`${path}.${key}`, inner, hash[key], kind)
  })
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
}

export const kinds = Object.keys(published)
