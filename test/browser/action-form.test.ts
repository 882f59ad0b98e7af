import path from 'node:path'
import { createElement } from 'react'
import type { Page } from 'playwright-core'
import { build, type Rollup } from 'vite'
import { expect, test } from 'vitest'
import type { ActionPage } from '#app/actions/action-page.server.ts'
import type { FormAnswer } from '#app/actions/form-answer.server.ts'
import { ActionForm } from '#app/routes/_app.actions.$actionId/action-form.tsx'
import { render } from '#test/components/render.tsx'
import { newPage, useBrowser } from '#test/setup/browser.ts'

/* The form of an action with several fields and a price that depends on them; no action that ships has one. */
useBrowser()

const page: ActionPage = {
  ...{
    id: 'pages',
    title: 'Pages',
    summary: 'Counts pages.',
    isFixedPrice: false,
    key: 'a key',
    sum: null,
    uses: null,
  },
  ...{ extras: [], run: null, recent: [] },
  fields: [
    { name: 'pages', label: 'Pages', kind: 'number' },
    { name: 'title', label: 'Title', kind: 'text', hint: 'It stands on the first page.' },
    { name: 'notes', label: 'Notes', kind: 'textarea' },
  ],
}
const answer: FormAnswer = {
  ...{ kind: 'invalid', status: 400, values: {} },
  problems: page.fields.map(({ name, label }) => ({ field: name, message: `${label} cannot be read. Look again.` })),
}

test.each([390, 1280])('an error stands between its field and the next label, at %i pixels', async (width) => {
  const tab = await newPage({ viewport: { width, height: 900 } })
  await tab.goto('/login')
  await tab.locator('main').evaluate(
    (main, html) => {
      main.innerHTML = html
    },
    render(createElement(ActionForm, { page, answer, main: 'use' })),
  )
  const tops = await edgesOf(tab, '.field-label', 'top')
  const errors = await edgesOf(tab, '.field-error', 'bottom')

  expect(errors).toHaveLength(3)
  for (const [index, bottom] of errors.slice(0, -1).entries()) expect(bottom).toBeLessThanOrEqual(tops[index + 1]!)
})

const edgesOf = (tab: Page, selector: string, edge: 'top' | 'bottom') =>
  tab
    .locator(selector)
    .evaluateAll((found, side) => found.map((element) => element.getBoundingClientRect()[side]), edge)

/** The form in a browser, with a stand-in server: 25 credits, two credits a page, and each run takes its cost. */
const APP_ID = path.resolve('test/browser/action-form-alone.tsx')
const APP = `
import { createRoot } from 'react-dom/client'
import { createMemoryRouter, redirect, RouterProvider, useActionData, useLoaderData } from 'react-router-dom'
import { sumOf } from '#app/actions/action-words.ts'
import { ActionForm } from '#app/routes/_app.actions.$actionId/action-form.tsx'

const page = ${JSON.stringify(page)}
let credits = 25
let runs = 0
async function action({ request }) {
  const form = await request.formData()
  const pages = Number(form.get('pages'))
  if (form.get('intent') === 'check') {
    const sum = sumOf({ one: 'page', many: 'pages', credits: 2 }, pages, credits)
    return { kind: 'checked', status: 200, values: {}, sum }
  }
  credits -= 2 * pages
  runs++
  return redirect('/actions/pages?run=' + runs)
}
const loader = () => ({ ...page, run: runs ? { id: 'run ' + runs, status: 'done' } : null })
const Shown = () => <ActionForm page={useLoaderData()} answer={useActionData() ?? null} main="use" />
const routes = [{ path: '/actions/pages', loader, action, element: <Shown /> }]
const router = createMemoryRouter(routes, { initialEntries: ['/actions/pages'] })
createRoot(document.querySelector('main')).render(<RouterProvider router={router} />)
`

test('after a run the balance forecast is that of the next run: 13 credits are not forecast to remain', async () => {
  const built = (await build({
    ...{ configFile: false, logLevel: 'silent', esbuild: { jsx: 'automatic' } },
    define: { 'process.env.NODE_ENV': '"test"' },
    plugins: [
      {
        name: 'the-app',
        resolveId: (id) => (id === APP_ID ? id : null),
        load: (id) => (id === APP_ID ? APP : null),
      },
    ],
    build: { write: false, minify: false, lib: { entry: APP_ID, formats: ['iife'], name: 'app' } },
  })) as Rollup.RollupOutput[]
  const tab = await newPage({ javaScriptEnabled: true, bypassCSP: true })
  await tab.route('**/form-alone', (route) => route.fulfill({ contentType: 'text/html', body: '<main></main>' }))
  await tab.goto('/form-alone')
  await tab.addScriptTag({ content: built[0]!.output[0].code })

  await tab.getByLabel('Pages').fill('6')
  await tab.getByText('You will have 13 left.').waitFor()
  await tab.getByRole('button', { name: 'Spend 12 credits' }).click()
  await tab.getByText('You will have 1 left.').waitFor()

  expect(await tab.getByText('You will have 13 left.').count()).toBe(0)
})
