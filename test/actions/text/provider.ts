import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, vi } from 'vitest'
import { resetConfig } from '#app/config.server.ts'

/** What a provider does with a request. */
export interface Behavior {
  status?: number
  words?: string[]
  /** Between words. */
  pauseMs?: number
  /** Ends without saying so: no finish reason and no usage. */
  isSilent?: boolean
  /** Breaks the connection after so many words. */
  breaksAfter?: number
  /** Waits for `release` after so many words. */
  holdsAfter?: number
  usage?: unknown
}

export interface Provider {
  behavior: Behavior
  requests: Record<string, unknown>[]
  /** Requests whose reader went away before the end. */
  aborted: number
  release: () => void
}

/** Call at the top of a test file: an OpenAI-compatible provider that behaves as the test asks. */
export function useProvider(): Provider {
  const provider: Provider = { behavior: {}, requests: [], aborted: 0, release: () => {} }
  let close: () => Promise<void>
  beforeEach(async () => {
    Object.assign(provider, { behavior: {}, requests: [], aborted: 0 })
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        provider.requests.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>)
        void answer(provider, response)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    vi.stubEnv('OPENAI_API_KEY', 'sk-secret')
    vi.stubEnv('OPENAI_BASE_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`)
    resetConfig()
    close = async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
  afterEach(async () => {
    provider.release()
    await close()
    vi.unstubAllEnvs()
    resetConfig()
  })
  return provider
}

async function answer(provider: Provider, response: ServerResponse): Promise<void> {
  const {
    status = 200,
    words = ['one', 'two', 'three'],
    pauseMs = 0,
    breaksAfter,
    holdsAfter,
    isSilent,
    usage,
  } = provider.behavior
  let isComplete = false
  response.on('close', () => (provider.aborted += isComplete ? 0 : 1))
  if (status !== 200) {
    isComplete = true
    response.writeHead(status, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify({ error: { message: 'secret reason of the provider' } }))
    return
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  response.flushHeaders()
  const send = (chunk: object) =>
    response.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', ...chunk })}\n\n`)
  for (const [index, word] of words.entries()) {
    if (index === breaksAfter) return void response.destroy()
    if (index === holdsAfter) await new Promise<void>((resolve) => (provider.release = resolve))
    if (response.destroyed) return
    send({ choices: [{ index: 0, delta: { content: `${word} ` } }] })
    await sleep(pauseMs)
  }
  if (words.length === breaksAfter) return void response.destroy()
  if (!isSilent) send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
  if (usage !== undefined) send({ choices: [], usage })
  isComplete = true
  response.end('data: [DONE]\n\n')
}
