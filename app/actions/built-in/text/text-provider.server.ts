import OpenAI from 'openai'
import { config } from '../../../config.server.ts'
import { DomainError } from '../../../domain-error.ts'
import { logger } from '../../../log.server.ts'
import { DEMO_MODELS, TEXT_MODELS, type TextModel } from './models.ts'

/** The models that can be used here; none without a provider. */
export function textModels(): readonly TextModel[] {
  const { textProvider } = config()
  if (!textProvider) return []
  return textProvider.isDemo ? DEMO_MODELS : TEXT_MODELS
}

/** The provider did not answer: nothing was written. */
class TextUnavailable extends DomainError {
  readonly code = 'action_failed'
}

interface Piece {
  text: string
  /** What the provider says was used, with its last piece. */
  usage: unknown
  /** The provider says that its answer ends here. */
  isEnd: boolean
}

/**
 * Asks the model and passes on its answer as it comes. Ending the iteration ends the request.
 * @throws TextUnavailable when the provider refuses or fails; its own message is not passed on
 */
export async function* streamText(
  request: { model: string; prompt: string; maxTokens: number },
  signal: AbortSignal,
): AsyncGenerator<Piece> {
  const { apiKey = '', baseUrl = null } = config().textProvider ?? {}
  // A second attempt would be paid for twice.
  const client = new OpenAI({ apiKey, baseURL: baseUrl, organization: null, project: null, maxRetries: 0 })
  try {
    const stream = await client.chat.completions.create(
      {
        model: request.model,
        messages: [{ role: 'user', content: request.prompt }],
        max_completion_tokens: request.maxTokens,
        stream: true,
        stream_options: { include_usage: true },
      },
      { signal },
    )
    for await (const { choices, usage } of stream) {
      yield { text: choices[0]?.delta?.content ?? '', usage, isEnd: Boolean(choices[0]?.finish_reason) }
    }
  } catch (error) {
    const status: unknown = error instanceof OpenAI.APIError ? error.status : undefined
    // Not its message, which may name the account or a part of the key.
    if (!signal.aborted) logger.warn({ model: request.model, status }, 'The text provider failed')
    throw new TextUnavailable(whyOf(status))
  }
}

function whyOf(status: unknown): string {
  if (status === 429) return 'The model is busy. Try again in a minute.'
  if (status === 400 || status === 404 || status === 422)
    return 'The model did not accept this request. Change it, or choose another model.'
  return 'The model did not answer. Try again in a minute.'
}
