import { randomUUID } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import { findPaidAction } from '#app/actions/paid-actions.server.ts'
import { followRun } from '#app/actions/run-events.server.ts'
import { recoverAbandonedRuns } from '#app/actions/run-action.server.ts'
import { runForUser } from '#app/actions/run-for-user.server.ts'
import { finishRuns } from '#app/actions/run-progress.server.ts'
import { askToStop, findRun, findRunFile, toRunView } from '#app/actions/run-store.server.ts'
import { readRunPage } from '#app/actions/runs/runs-page.server.ts'
import { setNow } from '#app/clock.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { ActionRunModel } from '#models/action-run.server.ts'
import { type Caller, newCaller } from '#test/api/caller.ts'
import { useDatabase } from '#test/setup/database.ts'
import { useProvider } from './provider.ts'

useDatabase()
const provider = useProvider()

const REQUEST = { model: 'gpt-5', prompt: 'Count to three.', maxTokens: 100 }
/** For the longest answer, at 5 and 40 credits for 1,000 tokens. */
const HELD = Math.ceil(((5 + 20) * 5 + 100 * 40) / 1_000)

const start = ({ user }: Caller, key: string = randomUUID(), input: unknown = REQUEST) =>
  runForUser(user, { action: findPaidAction('text')!, input, key })

/** Starts a run and lets it end. */
async function ended(caller: Caller) {
  const { id } = await start(caller)
  await finishRuns()
  const run = toRunView((await findRun(caller.user._id, id))!)
  return { ...run, balance: await getBalance(caller.user._id) }
}

describe('a text', () => {
  test('the longest answer is held, what the provider reports is charged, and the text is kept', async () => {
    const caller = await newCaller({ credits: 100 })
    provider.behavior = { holdsAfter: 2, usage: { prompt_tokens: 30, completion_tokens: 50 } }
    const { id, status } = await start(caller)
    expect(status).toBe('running')
    expect(await getBalance(caller.user._id)).toMatchObject({ credits: 100 - HELD, held: HELD })
    await expect.poll(async () => (await findRun(caller.user._id, id))?.progress?.text).toBe('one two ')

    provider.release()
    await finishRuns()
    const run = toRunView((await findRun(caller.user._id, id))!)
    expect(run).toMatchObject({ status: 'done', creditsSpent: Math.ceil((30 * 5 + 50 * 40) / 1_000), note: null })
    expect(run.progress?.text).toBe('one two three ')
    expect((await findRunFile(caller.user._id, id, 'text.txt'))?.body.toString()).toBe('one two three ')
    expect(await getBalance(caller.user._id)).toMatchObject({ credits: 97, held: 0 })
    expect((await readRunPage(caller.user, id))?.receipt).toBe(
      `Quoted ${HELD}, held ${HELD}, charged 3, ${HELD - 3} returned.`,
    )
    expect(provider.requests).toMatchObject([{ model: 'gpt-5', max_completion_tokens: 100, stream: true }])
  })

  test('two tabs with one form run once and show the same run', async () => {
    const caller = await newCaller({ credits: 100 })
    const key = randomUUID()
    const runs = await Promise.all([start(caller, key), start(caller, key), start(caller, key)])
    await finishRuns()
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1)
    expect(provider.requests).toHaveLength(1)
    expect((await listEntries(caller.user._id, { kinds: ['capture'] })).entries).toHaveLength(1)
  })

  test('a customer who leaves finds the text later; it is charged as used', async () => {
    const caller = await newCaller({ credits: 100 })
    provider.behavior = { holdsAfter: 1, usage: { prompt_tokens: 5, completion_tokens: 10 } }
    const { id } = await start(caller)
    const gone = new AbortController()
    const events = followRun(caller.user._id, id, gone.signal).getReader()
    // How often to ask again, then the first words.
    await events.read()
    await events.read()
    gone.abort()
    await events.cancel()

    provider.release()
    await finishRuns()
    expect(provider.aborted).toBe(0)
    expect(toRunView((await findRun(caller.user._id, id))!)).toMatchObject({ status: 'done', creditsSpent: 1 })
  })

  test('who follows a run reads the text as it grows, and its end', async () => {
    const caller = await newCaller({ credits: 100 })
    provider.behavior = { holdsAfter: 1 }
    const { id } = await start(caller)
    const reader = followRun(caller.user._id, id, new AbortController().signal).getReader()
    const decoder = new TextDecoder()
    await reader.read()
    const first = decoder.decode((await reader.read()).value)
    provider.release()
    let rest = ''
    for (let part = await reader.read(); !part.done; part = await reader.read()) rest += decoder.decode(part.value)
    expect(first).toMatch(/^event: progress\ndata: \{"text":"one ","spent":"\d+ credits?"\}\n\n$/)
    expect(rest).toContain('"text":"one two three "')
    expect(rest).toMatch(/event: end\ndata: \n\n$/)
    await finishRuns()
  })

  test('Stop ends the provider’s work, and charges the request and what had come', async () => {
    const caller = await newCaller({ credits: 100 })
    provider.behavior = { words: Array.from({ length: 200 }, () => 'word'), pauseMs: 100 }
    const { id } = await start(caller)
    await expect.poll(async () => (await findRun(caller.user._id, id))?.progress?.text.length ?? 0).toBeGreaterThan(0)
    await askToStop((await newCaller()).user._id, id)
    await askToStop(caller.user._id, id)
    await finishRuns()

    const run = toRunView((await findRun(caller.user._id, id))!)
    expect(run).toMatchObject({ status: 'done', note: expect.stringMatching(/^You stopped it\./) as string })
    expect(run.creditsSpent).toBeGreaterThan(0)
    expect(run.creditsSpent).toBeLessThan(HELD)
    await expect.poll(() => provider.aborted).toBe(1)
    expect((await getBalance(caller.user._id)).held).toBe(0)
  })

  test.each([
    ['never comes', undefined],
    ['is negative', { prompt_tokens: -5, completion_tokens: 3 }],
    ['is no number', { prompt_tokens: '5', completion_tokens: null }],
    ['is a fraction', { prompt_tokens: 1.5, completion_tokens: 3 }],
  ])('a usage that %s is counted here', async (_, usage) => {
    provider.behavior = { usage }
    expect(await ended(await newCaller({ credits: 100 }))).toMatchObject({ status: 'done', creditsSpent: 1 })
  })

  test('more usage than was held is charged up to the hold', async () => {
    provider.behavior = { usage: { prompt_tokens: 1_000_000, completion_tokens: 1_000_000 } }
    expect(await ended(await newCaller({ credits: 100 }))).toMatchObject({ status: 'done', creditsSpent: HELD })
  })

  test.each([
    [429, 'The model is busy. Try again in a minute.'],
    [401, 'The model did not answer. Try again in a minute.'],
    [500, 'The model did not answer. Try again in a minute.'],
    [400, 'The model did not accept this request. Change it, or choose another model.'],
  ])('a provider that answers with %i is not paid, and its own words stay inside', async (status, failure) => {
    provider.behavior = { status }
    const run = await ended(await newCaller({ credits: 100 }))
    expect(run).toMatchObject({ status: 'failed', creditsSpent: 0, failure, balance: { credits: 100, held: 0 } })
    expect(provider.requests).toHaveLength(1)
  })

  test('a provider that fails before the first word is not paid', async () => {
    provider.behavior = { breaksAfter: 0 }
    expect(await ended(await newCaller({ credits: 100 }))).toMatchObject({
      status: 'failed',
      balance: { credits: 100 },
    })
  })

  test('a provider that breaks off half-way leaves what came, charged by that, and says so', async () => {
    provider.behavior = { breaksAfter: 2 }
    expect(await ended(await newCaller({ credits: 100 }))).toMatchObject({
      ...{ status: 'done', creditsSpent: 1, progress: { text: 'one two ' } },
      note: 'The model broke off. What was written until then is charged.',
    })
  })

  test('a stream that ends without a word about its end has broken off', async () => {
    provider.behavior = { isSilent: true }
    expect(await ended(await newCaller({ credits: 100 }))).toMatchObject({
      ...{ status: 'done', creditsSpent: 1 },
      note: 'The model broke off. What was written until then is charged.',
    })
    provider.behavior = { isSilent: true, words: [] }
    expect(await ended(await newCaller({ credits: 100 }))).toMatchObject({
      status: 'failed',
      balance: { credits: 100 },
    })
  })

  test('a provider that does not know the limit is cut off, and charged up to the hold', async () => {
    provider.behavior = { words: Array.from({ length: 2_000 }, () => 'word') }
    const run = await ended(await newCaller({ credits: 100 }))
    expect(run).toMatchObject({ status: 'done', creditsSpent: HELD })
    expect(run.progress!.text.split(' ').length).toBeLessThan(400)
  })

  test('a run whose process died is ended by the job, and nothing is charged', async () => {
    const caller = await newCaller({ credits: 100 })
    provider.behavior = { holdsAfter: 1 }
    const { id } = await start(caller)
    // As another process sees it after this one has died.
    await ActionRunModel.updateOne({ _id: id }, { $set: { lease: 'of a dead process' } })
    setNow(
      (
        (at) => () =>
          at
      )(new Date(Date.now() + 10 * 60_000)),
    )
    await recoverAbandonedRuns()
    setNow(null)
    provider.release()
    await finishRuns()
    const run = toRunView((await findRun(caller.user._id, id))!)
    expect(run).toMatchObject({ status: 'failed', failure: 'It was interrupted.', progress: null })
    expect(await getBalance(caller.user._id)).toMatchObject({ credits: 100, held: 0 })
  })

  test.each([
    ['model', { ...REQUEST, model: 'demo' }],
    ['prompt', { ...REQUEST, prompt: '  ' }],
    ['prompt', { ...REQUEST, prompt: 'x'.repeat(8_001) }],
    ['maxTokens', { ...REQUEST, maxTokens: '4001' }],
    ['maxTokens', { ...REQUEST, maxTokens: 1.5 }],
  ])('a wrong %s is refused before anything is held', async (field, input) => {
    const caller = await newCaller({ credits: 100 })
    await expect(start(caller, randomUUID(), input)).rejects.toMatchObject({ problems: [{ field }] })
    expect(provider.requests).toEqual([])
  })

  test('special tokens of a model count as text', async () => {
    const caller = await newCaller({ credits: 100 })
    await start(caller, randomUUID(), { ...REQUEST, prompt: '<|endoftext|> hello' })
    await finishRuns()
    expect(provider.requests).toHaveLength(1)
  })
})

test('without a provider there is no such action', () => {
  vi.stubEnv('OPENAI_API_KEY', undefined)
  vi.stubEnv('OPENAI_BASE_URL', undefined)
  vi.stubEnv('STRIPE_SECRET_KEY', 'sk_test_of_an_account_at_stripe')
  resetConfig()
  expect(findPaidAction('text')).toBeNull()
})
