import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

/*
 * A stand-in for a language model, which speaks the part of OpenAI's chat protocol that streams an answer: so that texts can be
 * generated without a key. It answers with the words of the request.
 */

const WORD_MS = 40

interface ChatRequest {
  model?: string
  messages?: { content?: string }[]
  max_completion_tokens?: number
}

/** Answers `POST /text-model/v1/chat/completions`, a word at a time, until the reader has gone. */
export async function chatCompletions(body: string, response: ServerResponse): Promise<void> {
  const { model = 'demo', messages = [], max_completion_tokens: most = 500 } = JSON.parse(body) as ChatRequest
  const prompt = messages.at(-1)?.content ?? ''
  const words = answerTo(prompt).slice(0, most)
  const common = { id: `chatcmpl-${randomUUID()}`, object: 'chat.completion.chunk', created: 0, model }
  const send = (chunk: object) => response.write(`data: ${JSON.stringify({ ...common, ...chunk })}\n\n`)
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  for (const [index, word] of words.entries()) {
    if (response.destroyed) return
    send({ choices: [{ index: 0, delta: { content: index === 0 ? word : ` ${word}` }, finish_reason: null }] })
    await wait(WORD_MS)
  }
  const finish_reason = words.length === most ? 'length' : 'stop'
  send({ choices: [{ index: 0, delta: {}, finish_reason }] })
  const [prompt_tokens, completion_tokens] = [prompt.split(/\s+/).length, words.length]
  send({ choices: [], usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens } })
  response.end('data: [DONE]\n\n')
}

const answerTo = (prompt: string): string[] =>
  `This is the demo model, which repeats your words. You wrote: ${prompt}`.split(/\s+/)
