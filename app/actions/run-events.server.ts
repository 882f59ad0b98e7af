import { setTimeout as sleep } from 'node:timers/promises'
import type { Types } from 'mongoose'
import { formatCreditsInWords } from '../format.ts'
import { findProgress } from './run-store.server.ts'

const EVERY_MS = 300
/** Comments keep proxies from closing a quiet connection. */
const HEARTBEAT_EVERY = 50
/** Then the browser asks again, so that an open page does not hold up a process that stops. */
const FOLLOW_MS = 10_000
const ASK_AGAIN_MS = 500

/**
 * Follows a run through its row, so that any process can show it: `progress` events with all of the text so far, and `end` once
 * the run has ended.
 * @param signal ends it when the reader has gone
 */
export function followRun(accountId: Types.ObjectId, runId: string, signal: AbortSignal): ReadableStream<Uint8Array> {
  const events = eventsOf(accountId, runId, signal)
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await events.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    async cancel() {
      await events.return(undefined)
    },
  })
}

async function* eventsOf(accountId: Types.ObjectId, runId: string, signal: AbortSignal): AsyncGenerator<string, void> {
  const until = performance.now() + FOLLOW_MS
  yield `retry: ${ASK_AGAIN_MS}\n\n`
  let shown = ''
  for (let look = 1; performance.now() < until && !signal.aborted; look++) {
    const run = await findProgress(accountId, runId)
    const data = run?.progress
      ? JSON.stringify({ text: run.progress.text, spent: formatCreditsInWords(run.progress.credits) })
      : ''
    if (data !== shown) yield `event: progress\ndata: ${data}\n\n`
    else if (look % HEARTBEAT_EVERY === 0) yield ': waiting\n\n'
    shown = data
    if (!run || run.finishedAt) {
      yield 'event: end\ndata: \n\n'
      return
    }
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {})
  }
}
