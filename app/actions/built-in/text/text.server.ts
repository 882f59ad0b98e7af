import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { z } from 'zod'
import { defineAction, RunStopped } from '../../registry.ts'
import type { TextModel } from './models.ts'
import { creditsFor, type Tokens, usageOf } from './text-price.ts'
import { streamText, textModels } from './text-provider.server.ts'

const PROMPT_MAX = 8_000
const TOKENS = { min: 16, max: 4_000 }
const TIMEOUT_MS = 120_000
/** What a chat request adds to the tokens of its text, generously. */
const OVERHEAD_TOKENS = 20

const input = z
  .object({
    model: z.string({ error: 'Choose a model.' }),
    prompt: z
      .string({ error: 'Enter what you want written.' })
      .trim()
      .min(1, 'Enter what you want written.')
      .max(PROMPT_MAX, `This is too long: up to ${PROMPT_MAX.toLocaleString('en-US')} characters fit.`),
    maxTokens: z
      .union([z.number(), z.string()])
      .default(500)
      .transform(Number)
      .refine((tokens) => Number.isInteger(tokens) && tokens >= TOKENS.min && tokens <= TOKENS.max, {
        message: `The length must be a whole number from ${TOKENS.min} to ${TOKENS.max} tokens.`,
      }),
  })
  .superRefine(({ model }, context) => {
    if (!findModel(model)) context.addIssue({ code: 'custom', path: ['model'], message: 'Choose a model.' })
  })

const findModel = (id: string): TextModel | undefined => textModels().find((model) => model.id === id)

/** The tokenizer's time grows with the square of a text without spaces. */
const PIECE = 128

/** Counts the tokens of a text, by pieces: so a few too many. A special token of the model counts as its letters. */
function tokensOf(text: string): number {
  let tokens = 0
  for (let start = 0; start < text.length; start += PIECE) {
    tokens += countTokens(text.slice(start, start + PIECE), { disallowedSpecial: new Set() })
  }
  return tokens
}

const boundOf = ({ model, prompt, maxTokens }: z.infer<typeof input>): number =>
  creditsFor(findModel(model)!, { input: tokensOf(prompt) + OVERHEAD_TOKENS, output: maxTokens })

/**
 * Writes a text with a model. The price is held for the longest answer and charged by the tokens that the provider reports:
 * also when the customer has left, or has stopped it.
 */
export const textGeneration = defineAction({
  id: 'text',
  title: 'Text',
  summary: 'Writes a text with a language model.',
  unit: { one: 'credit', many: 'credits', credits: 1, isUpTo: true },
  isStreamed: true,
  isOffered: () => textModels().length > 0,
  timeoutMs: TIMEOUT_MS,
  input,
  units: boundOf,
  fields: [
    {
      name: 'model',
      label: 'Model',
      kind: 'select',
      options: () => textModels().map(({ id, label }) => ({ value: id, label })),
    },
    { name: 'prompt', label: 'What should be written?', kind: 'textarea' },
    {
      name: 'maxTokens',
      label: 'Longest answer (tokens)',
      kind: 'number',
      hint: 'A token is about three quarters of a word.',
      defaultValue: '500',
    },
  ],
  async run(request, { signal, report }) {
    const model = findModel(request.model)!
    const prompt = tokensOf(request.prompt)
    const bound = boundOf(request)
    let [text, output] = ['', 0]
    let used: Tokens | null = null
    let note: string | undefined
    let isEnded = false
    const credits = () => Math.min(bound, creditsFor(model, used ?? { input: prompt, output }))
    try {
      for await (const piece of streamText(request, signal)) {
        text += piece.text
        output += piece.text === '' ? 0 : tokensOf(piece.text)
        used = usageOf(piece.usage) ?? used
        isEnded ||= piece.isEnd || used !== null
        report(text, credits())
        // An endpoint that does not know the limit would write on; the usage may follow the last word.
        if (output > 2 * request.maxTokens) {
          isEnded = true
          break
        }
      }
      if (!isEnded) note = signal.aborted ? whyEnded(signal) : BROKEN_OFF
    } catch (error) {
      note = signal.aborted ? whyEnded(signal) : BROKEN_OFF
      if (text === '' && note !== STOPPED) throw error
    }
    // Nothing was written, and nothing is charged, unless the customer stopped what had begun.
    if (text === '' && note && note !== STOPPED) throw new Error('no word came')
    // Without the provider's count, what was received is counted here.
    if (!used) output = text === '' ? 0 : tokensOf(text)
    const body = new TextEncoder().encode(text)
    const files =
      text === '' ? [] : [{ name: 'text.txt', contentType: 'text/plain; charset=utf-8', label: 'text', body }]
    const tokens = used ?? { input: prompt, output }
    return {
      ...{ text, note, files, unitsUsed: credits() },
      facts: { Request: request.prompt, Model: model.label, Tokens: `${tokens.input} in, ${tokens.output} out` },
    }
  },
})

const whyEnded = ({ reason }: AbortSignal): string => (reason instanceof RunStopped ? STOPPED : TIMED_OUT)

const STOPPED = 'You stopped it. The request and what was written until then are charged.'
const TIMED_OUT = 'Its time was over. What was written until then is charged.'
const BROKEN_OFF = 'The model broke off. What was written until then is charged.'
