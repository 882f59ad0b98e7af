import type { ActionFunctionArgs } from '@remix-run/node'
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { ActionPage } from '#app/actions/action-page.server.ts'
import type { FormAnswer } from '#app/actions/form-answer.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { freezeSpending } from '#app/credits/freeze.server.ts'
import { action, loader } from '#app/routes/_app.actions.$actionId/route.tsx'
import { loader as fileLoader } from '#app/routes/_app.actions.$actionId_.runs.$runId.$file.ts'
import { loader as listLoader } from '#app/routes/_app.actions._index/route.tsx'
import { asBrowser, type Caller, newCaller, subscribe } from '#test/api/caller.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()

const ORIGIN = 'http://localhost:3000'

const show = (caller: Caller, search = '', actionId = 'qr-code'): Promise<ActionPage> =>
  loader({
    request: new Request(`${ORIGIN}/actions/${actionId}${search}`, { headers: asBrowser(caller) }),
    params: { actionId },
    context: {},
  })

/** Sends the form as a browser without JavaScript does; returns the redirect's target, or the body and its status. */
async function send(
  caller: Caller,
  fields: Record<string, string>,
): Promise<{ to: string } | { answer: FormAnswer; status: number }> {
  const request = new Request(`${ORIGIN}/actions/qr-code`, {
    method: 'POST',
    headers: asBrowser(caller),
    body: new URLSearchParams({ intent: 'run', ...fields }),
  })
  const args: ActionFunctionArgs = { request, params: { actionId: 'qr-code' }, context: {} }
  const result = await action(args)
  if ('data' in result) return { answer: result.data, status: result.init?.status ?? 200 }
  expect(result.status).toBe(303)
  return { to: result.headers.get('Location') ?? '' }
}

const creditsOf = async ({ user }: Caller) => (await getBalance(user._id)).credits

async function answerOf(caller: Caller, fields: Record<string, string>): Promise<FormAnswer> {
  const sent = await send(caller, fields)
  if ('to' in sent) throw new Error(`redirected to ${sent.to}`)
  return sent.answer
}

async function targetOf(caller: Caller, fields: Record<string, string>): Promise<string> {
  const sent = await send(caller, fields)
  if ('answer' in sent) throw new Error(`answered ${JSON.stringify(sent.answer)}`)
  return sent.to
}

const file = (caller: Caller, runId: string, name: string) =>
  fileLoader({
    request: new Request(`${ORIGIN}/actions/qr-code/runs/${runId}/${name}`, { headers: asBrowser(caller) }),
    params: { actionId: 'qr-code', runId, file: name },
    context: {},
  })

describe('the list of actions', () => {
  test('the list shows the cost of each action', async () => {
    const caller = await newCaller()

    const page = await listLoader({
      request: new Request(`${ORIGIN}/actions`, { headers: asBrowser(caller) }),
      params: {},
      context: {},
    })

    expect(page.actions).toContainEqual({
      id: 'qr-code',
      title: 'QR code',
      summary: expect.any(String) as string,
      cost: '1 credit a code',
      lock: null,
    })
  })
})

describe('the page of an action', () => {
  test('the page shows the form, the cost, and what the button will spend', async () => {
    const page = await show(await newCaller({ credits: 25 }))

    expect(page.sum).toEqual({
      line: '1 code × 1 = 1 credit',
      after: 'You will have 24 left.',
      button: 'Spend 1 credit',
    })
    expect(page.run).toBeNull()
    expect(page.key).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('the page says how many credits are missing', async () => {
    const page = await show(await newCaller({ credits: 0 }))

    expect(page.sum?.after).toBe('You have 0, so 1 more is needed.')
  })

  test.each(['nothing', 'QR-CODE', '__proto__'])('an action that does not exist (%s) has no page', async (actionId) => {
    const refusal = await show(await newCaller(), '', actionId).catch((error: unknown) => error)

    expect(refusal).toMatchObject({ status: 404 })
  })

  test('a signed-out visitor is sent to the log-in and back', async () => {
    const request = new Request(`${ORIGIN}/actions/qr-code`)
    const refusal = await Promise.resolve(loader({ request, params: { actionId: 'qr-code' }, context: {} })).catch(
      (error: unknown) => error,
    )

    expect((refusal as Response).headers.get('Location')).toBe('/login?redirectTo=%2Factions%2Fqr-code')
  })
})

describe('sending the form', () => {
  test('a run spends credits once and redirects to a result that can be reloaded for free', async () => {
    const caller = await newCaller({ credits: 25 })
    const { key } = await show(caller)

    const to = await targetOf(caller, { key, text: 'https://example.com', level: 'M', size: '512', margin: '4' })

    expect(to).toMatch(/^\/actions\/qr-code\?run=[0-9a-f]{32}#result$/)
    const search = new URL(to, ORIGIN).search
    const [page, again] = [await show(caller, search), await show(caller, search)]
    expect(page.run).toMatchObject({
      status: 'done',
      outcome: 'Done. 1 credit was spent (1 code). You have 24.',
      failure: null,
    })
    expect(again.run).toEqual(page.run)
    expect(page.run?.files.map(({ label, isImage }) => [label, isImage])).toEqual([['PNG', true]])
    expect(page.recent.map(({ text }) => text)).toEqual(['https://example.com'])
    expect(await creditsOf(caller)).toBe(24)
  })

  test('sending one form twice creates one code', async () => {
    const caller = await newCaller({ credits: 25 })
    const fields = { key: (await show(caller)).key, text: 'twice' }

    const targets = await Promise.all([targetOf(caller, fields), targetOf(caller, fields)])
    const late = await targetOf(caller, fields)

    expect(new Set([...targets, late]).size).toBe(1)
    expect(await creditsOf(caller)).toBe(24)
  })

  test('going back and sending another text creates another code', async () => {
    const caller = await newCaller({ credits: 25 })
    const { key } = await show(caller)

    const first = await targetOf(caller, { key, text: 'one' })
    const second = await targetOf(caller, { key, text: 'two' })

    expect(second).not.toBe(first)
    expect(await creditsOf(caller)).toBe(23)
  })

  test('a text that is too long shows an error at its field, is kept, and costs nothing', async () => {
    const caller = await newCaller({ credits: 25 })
    const text = 'x'.repeat(3000)

    const answer = await answerOf(caller, { key: randomUUID(), text })

    expect(answer).toMatchObject({ kind: 'invalid', status: 400, values: { text } })
    expect(answer.kind === 'invalid' && answer.problems).toEqual([
      { field: 'text', message: expect.stringContaining('too long') as string },
    ])
    expect(await creditsOf(caller)).toBe(25)
  })

  test.each([undefined, '', 'x', '../../etc'])('a form without a valid key (%j) spends nothing', async (key) => {
    const caller = await newCaller({ credits: 25 })

    const answer = await answerOf(caller, { text: 'x', ...(key !== undefined && { key }) })

    expect(answer).toMatchObject({ kind: 'invalid', status: 400 })
    expect(await creditsOf(caller)).toBe(25)
  })

  test('a run without credits is refused with the figures and the options', async () => {
    const caller = await newCaller({ credits: 0 })

    const answer = await answerOf(caller, { key: randomUUID(), text: 'x' })

    expect(answer).toEqual({
      kind: 'refused',
      status: 402,
      reason: 'This needs 1 credit and you have 0.',
      ways: [
        { text: 'Buy 500 credits, $6', to: '/billing?pack=500' },
        { text: 'Get Beginner, $10 a month', to: '/pricing?plan=Beginner' },
      ],
      values: { text: 'x' },
    })
  })

  test('a run while spending is paused is refused with the reason and how to resume', async () => {
    const caller = await newCaller({ credits: 25 })
    await freezeSpending(caller.user._id, 'past_due')

    expect(await answerOf(caller, { key: randomUUID(), text: 'x' })).toMatchObject({
      kind: 'refused',
      ways: [{ text: 'Update card', to: '/billing/update-card' }],
    })
  })

  test('checking the cost spends nothing', async () => {
    const caller = await newCaller({ credits: 25 })

    const answer = await answerOf(caller, { intent: 'check', text: 'x' })

    expect(answer).toMatchObject({ kind: 'checked', sum: { line: '1 code × 1 = 1 credit' } })
    expect(await creditsOf(caller)).toBe(25)
  })
})

describe('the files of a run', () => {
  test('the owner downloads the files, which cannot run as a page (5.12)', async () => {
    const caller = await newCaller({ credits: 25 })
    await subscribe(caller, 'Beginner')
    const to = await targetOf(caller, { key: randomUUID(), text: 'x' })
    const runId = new URL(to, ORIGIN).searchParams.get('run') ?? ''

    const svg = await file(caller, runId, 'qr-code.svg')

    expect(svg.headers.get('Content-Type')).toBe('image/svg+xml')
    expect(svg.headers.get('Content-Disposition')).toBe('attachment; filename="qr-code.svg"')
    expect(svg.headers.get('Content-Security-Policy')).toContain('sandbox')
    expect(svg.headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(await svg.text()).toMatch(/^<svg /)
  })

  test('other users can see neither the files nor the run', async () => {
    const [owner, stranger] = await Promise.all([newCaller({ credits: 25 }), newCaller({ credits: 25 })])
    const to = await targetOf(owner, { key: randomUUID(), text: 'secret' })
    const search = new URL(to, ORIGIN).search
    const runId = new URL(to, ORIGIN).searchParams.get('run') ?? ''

    const refusal = await file(stranger, runId, 'qr-code.png').catch((error: unknown) => error)

    expect(refusal).toMatchObject({ status: 404 })
    expect((await show(stranger, search)).run).toBeNull()
  })
})
