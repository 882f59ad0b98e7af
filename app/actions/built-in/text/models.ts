/** A model, and what it costs in credits. */
export interface TextModel {
  /** As the provider names it. */
  id: string
  label: string
  /** Credits for 1,000 tokens; fractions are fine. */
  inputCredits: number
  outputCredits: number
}

/** The models that customers can choose. Change them together with OPENAI_BASE_URL. */
export const TEXT_MODELS: readonly TextModel[] = [
  { id: 'gpt-5-mini', label: 'GPT-5 mini: fast', inputCredits: 1, outputCredits: 8 },
  { id: 'gpt-5', label: 'GPT-5: thorough', inputCredits: 5, outputCredits: 40 },
]

/** What the sandbox answers with in local mode, without a key of a provider. */
export const DEMO_MODELS: readonly TextModel[] = [
  { id: 'demo', label: 'Demo model: repeats your words', inputCredits: 10, outputCredits: 40 },
]
