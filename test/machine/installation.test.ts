import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { brand } from '#app/brand.mjs'
import { isRunning, processId } from '../../scripts/local/processes.mjs'
import { type Installation, startInstallation } from '../setup/app-processes.ts'

let installation: Installation

beforeAll(async () => {
  installation = await startInstallation({ apps: 2, mongodbUri: inject('mongodbUri') })
})

afterAll(() => installation.stop())

async function logIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { Origin: installation.url },
    body: new URLSearchParams(installation.demo),
  })
  expect(answer.status).toBe(302)
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}

test('app processes share everything, and a crash of one does not affect the others', async () => {
  const [one, other] = installation.apps
  if (!one || !other) throw new Error('there should be two')
  const cookie = await logIn(one.url)
  const ask = (url: string) => fetch(`${url}/api/user`, { headers: { Cookie: cookie } })
  expect((await ask(other.url)).status).toBe(200)

  await one.crash()
  expect(isRunning(processId(one.pid))).toBe(false)
  expect((await ask(other.url)).status).toBe(200)

  const third = await installation.addApp()
  expect((await ask(third.url)).status).toBe(200)
  expect(await third.stop()).toEqual({ code: 0, signal: null })
})

test('an app process that joins keeps its output until it is asked for', async () => {
  const app = await installation.addApp({ LOG_LEVEL: 'info' })
  await fetch(`${app.url}/pricing`)
  expect(app.log()).toContain(`${brand.name} ready at`)
  expect(app.log()).toContain('GET /pricing 200')
})
