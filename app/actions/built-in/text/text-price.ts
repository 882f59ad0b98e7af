import type { TextModel } from './models.ts'

export interface Tokens {
  input: number
  output: number
}

/** What tokens cost in credits, rounded up once, at least 1. */
export const creditsFor = ({ inputCredits, outputCredits }: TextModel, { input, output }: Tokens): number =>
  Math.max(1, Math.ceil((input * inputCredits + output * outputCredits) / 1_000))

/** What a provider says was used, or null if that cannot be: it is no reason to charge more than was held. */
export function usageOf(usage: unknown): Tokens | null {
  const { prompt_tokens: input, completion_tokens: output } = (usage ?? {}) as Record<string, unknown>
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
  return isCount(input) && isCount(output) ? { input, output } : null
}
