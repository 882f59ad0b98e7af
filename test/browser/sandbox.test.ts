import { AxeBuilder } from '@axe-core/playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Installation, startInstallation } from '#test/setup/app-processes.ts'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { choosePlan, expectSoon, payWith, signUp } from './steps.ts'

useBrowser()

// An installation of its own, because the clock moved here would affect every other test.
let installation: Installation
beforeAll(async () => {
  installation = await startInstallation()
})
afterAll(() => installation.stop())

test('the control page advances a month and the app follows', async () => {
  const { sandboxUrl, url } = installation
  const person = await newPage({ baseURL: url })
  await signUp(person)
  await choosePlan(person, 'Beginner', 'month', sandboxUrl)
  await payWith(person, '4242 4242 4242 4242')
  await person
    .getByText(/credits added/)
    .first()
    .waitFor()

  const founder = await newPage()
  const problems: string[] = []
  founder.on('console', (message) => void (message.type() === 'error' && problems.push(message.text())))
  await founder.goto(sandboxUrl)
  await founder.getByText('invoice.paid').first().waitFor()
  const { violations } = await new AxeBuilder({ page: founder }).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([])
  await founder
    .getByRole('button', { name: /next renewal/i })
    .first()
    .click()

  await expectSoon(person, /2,025/, '/dashboard')
  expect(await person.getByRole('table').first().locator('tbody tr').count()).toBe(2)
  expect(problems).toEqual([])
})
