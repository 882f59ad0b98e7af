import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { eventTable } from '#app/billing/webhooks/event-table.ts'

/** `test/some/file.test.ts › the name of a test` */
const CITATION = /`(test\/[\w./-]+\.tsx?) › ([^`]+)`/g
/** The title of a test; after `each` it follows the table. */
const NAME = /(?:\bit|\btest|\))\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs

const FAILURES = readdirSync('docs/failures').map((file) => `docs/failures/${file}`)
const read = (file: string) => readFileSync(file, 'utf8')
/** The cases of a document: each has a third-level heading, and ends at the next heading. */
const casesOf = (file: string) =>
  read(file)
    .split(/^(?=#{2,3} )/m)
    .filter((section) => section.startsWith('### '))
    .map((section) => ({ title: section.split('\n')[0]!.slice(4), body: section }))

const citations = ['docs/billing.md', ...FAILURES].flatMap((document) =>
  [...read(document).matchAll(CITATION)].map(([, file, name]) => ({ document, file: file!, name: name! })),
)

test('docs/billing.md lists exactly the events that are handled', () => {
  const [, section] = readFileSync('docs/billing.md', 'utf8').split('## Events that the endpoint has to send')
  const listed = [...section!.split('## ')[0]!.matchAll(/`([\w.]+)`/g)].map(([, type]) => type)
  expect(listed).toEqual(Object.keys(eventTable).sort())
})

test('docs/billing.md cites a test for every situation', () => {
  const situations = casesOf('docs/billing.md')
  expect(situations.length).toBeGreaterThan(200)
  for (const { title, body } of situations) expect(body, title).toMatch(/^- Test: `test\/[^`]+ › [^`]+`/m)
})

test.each(['docs/billing.md', ...FAILURES])('%s has no cases in tables, where nothing would check them', (file) => {
  expect(read(file)).not.toMatch(/^\|/m)
})

describe('the catalog of failures', () => {
  const numbers = (prefix: string, from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => `${prefix}${from + index}`)

  test('no number of docs/failures/money.md is missing or used twice', () => {
    const all = casesOf('docs/failures/money.md').map(({ title }) => title.split(':')[0])
    expect(all).toEqual([
      ...numbers('H', 1, 28),
      ...numbers('H', 29, 43),
      'H55',
      'H56',
      'H57',
      'H58',
      'H59',
      'H60',
      'H61',
      'H62',
      'H63',
      'H64',
      ...numbers('1.', 1, 14),
      ...numbers('2.', 1, 14),
      ...numbers('4.', 1, 13),
      ...numbers('', 1, 60),
    ])
  })

  test.each(FAILURES)('every case of %s cites a test, or says why there is none', (file) => {
    const cases = casesOf(file)
    expect(cases.length).toBeGreaterThan(70)
    for (const { title, body } of cases) {
      expect(body, title).toMatch(/`test\/[^`]+ › [^`]+`|does not concern Scrip: \w|\*\*gap\*\*: \w/i)
    }
  })
})

test.each([...new Set(citations.map(({ file }) => file))])('every test that the documents cite is in %s', (file) => {
  const names = [...read(file).matchAll(NAME)].map(([, , name]) => name!.replaceAll('\\', ''))
  for (const { document, name } of citations.filter((one) => one.file === file)) {
    expect(names, `${document} cites it`).toContain(name)
  }
})
