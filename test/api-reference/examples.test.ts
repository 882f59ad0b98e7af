import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { API_CALLS } from '#app/api-reference/calls.server.ts'
import { curlOf, fetchOf, KEY_PLACEHOLDER } from '#app/api-reference/examples.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { type Caller, newCaller } from '../api/caller.ts'
import { callNamed, headersFor, ROUTES, send } from './calling.ts'

useStripe()
useDatabase()

const ORIGIN = 'http://localhost:3000'

/** A hold and a run of the caller, for the ids that the examples have. */
async function idsOf(caller: Caller): Promise<Record<string, string>> {
  const made = async (id: string): Promise<unknown> => {
    const described = callNamed(id)
    const response = await send(described, { headers: headersFor(described, caller) })
    return response.json()
  }
  const { hold } = (await made('placeHold')) as { hold: { id: string } }
  const { run } = (await made('startRun')) as { run: { id: string; files: { name: string }[] } }
  return { holdId: hold.id, runId: run.id, name: run.files[0]!.name }
}

/** Puts real ids and a real key into an example, as a reader does. */
function filled(text: string, example: Record<string, string> = {}, ids: Record<string, string>, key: string): string {
  let result = text.replaceAll(KEY_PLACEHOLDER, key)
  for (const [name, value] of Object.entries(example)) result = result.replaceAll(value, ids[name] ?? value)
  return result
}

/** Answers a request as the server does, by the route of its path. */
async function answer(address: string, init: RequestInit): Promise<Response> {
  const request = new Request(address, init)
  const { pathname } = new URL(address)
  for (const [pattern, { loader, action }] of ROUTES) {
    const names = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
    const found = new RegExp(`^${pattern.replace(/\{\w+\}/g, '([^/]+)')}$`).exec(pathname)
    const route = request.method === 'GET' ? loader : action
    if (!found || !route) continue
    return route({ request, params: Object.fromEntries(names.map((name, n) => [name, found[n + 1]])), context: {} })
  }
  throw new Error(`There is nothing at ${pathname}`)
}

/** The request that a command of curl sends. */
function requestOf(command: string): { address: string; init: RequestInit } {
  const words = [...command.replaceAll('\\\n', ' ').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  )
  const [program, address = '', ...options] = words
  const headers = new Headers()
  const init: RequestInit = { headers }
  for (let n = 0; n < options.length; n += 2) {
    const [option, value = ''] = options.slice(n)
    if (option === '-X') init.method = value
    else if (option === '-d') init.body = value
    else if (option === '-H') headers.set(...(value.split(': ') as [string, string]))
    else expect(option).toBe('-o')
  }
  expect(program).toBe('curl')
  return { address, init }
}

test.each(API_CALLS)('the curl example of $id works as it is', async (described) => {
  const caller = await newCaller({ credits: 100 })
  const ids = await idsOf(caller)
  const { address, init } = requestOf(filled(curlOf(described, ORIGIN), described.example.path, ids, caller.apiKey))

  const response = await answer(address, init)

  expect(response.status).toBe(described.answer.status)
})

test.each(API_CALLS)('the TypeScript example of $id works as it is', async (described) => {
  const caller = await newCaller({ credits: 100 })
  const ids = await idsOf(caller)
  const code = filled(fetchOf(described, ORIGIN), described.example.path, ids, caller.apiKey)
  const returned = described.answer.name ? 'result' : 'file'
  // The example itself, with the server's routes in place of the network.
  const result: unknown = await runInNewContext(`(async () => {\n${code}\nreturn ${returned} })()`, { fetch: answer })

  expect(result).toBeTruthy()
})
