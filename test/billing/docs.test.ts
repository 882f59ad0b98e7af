import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { eventTable } from '#app/billing/webhooks/event-table.ts'

/** `test/some/file.test.ts › the name of a test` */
const CITATION = /`(test\/[\w./-]+\.tsx?) › ([^`]+)`/g
/** Where a test gets its name; what follows `each` stands between its table and the name. */
const NAME = /(?:\bit|\btest|\))\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs

const FAILURES = readdirSync('docs/failures').map((file) => `docs/failures/${file}`)
const read = (file: string) => readFileSync(file, 'utf8')
const isRule = (line: string | undefined) => /^\|[ -]*---/.test(line ?? '')
/** The rows of a document's tables, without their heads. */
const rowsOf = (file: string) =>
  read(file)
    .split('\n')
    .filter((line, index, lines) => line.startsWith('|') && !isRule(line) && !isRule(lines[index + 1]))

const citations = ['docs/billing.md', ...FAILURES].flatMap((document) =>
  [...read(document).matchAll(CITATION)].map(([, file, name]) => ({ document, file: file!, name: name! })),
)

test('docs/billing.md lists every event that is acted on, and no other', () => {
  const [, section] = readFileSync('docs/billing.md', 'utf8').split('## Events that the endpoint has to send')
  const listed = [...section!.split('## ')[0]!.matchAll(/`([\w.]+)`/g)].map(([, type]) => type)
  expect(listed).toEqual(Object.keys(eventTable).sort())
})

test('docs/billing.md cites a test for every situation of its tables', () => {
  const rows = rowsOf('docs/billing.md')
  expect(rows.length).toBeGreaterThan(30)
  for (const row of rows) expect(row).toMatch(/`test\/[^`]+ › [^`]+`/)
})

describe('the catalogue of failures', () => {
  const numbers = (prefix: string, from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => `${prefix}${from + index}`)

  test('no number of docs/failures/money.md is missing, and none stands twice', () => {
    const all = rowsOf('docs/failures/money.md').map((row) => row.split('|')[1]!.trim())
    expect(all).toEqual([
      ...numbers('H', 1, 28),
      ...numbers('H', 29, 43),
      'H55',
      'H56',
      ...numbers('1.', 1, 14),
      ...numbers('2.', 1, 14),
      ...numbers('4.', 1, 13),
      ...numbers('', 1, 60),
    ])
  })

  test.each(FAILURES)('every row of %s cites a test, or says why there is none', (file) => {
    const rows = rowsOf(file)
    expect(rows.length).toBeGreaterThan(30)
    for (const row of rows) expect(row).toMatch(/`test\/[^`]+ › [^`]+`|does not concern Scrip: \w|\*\*gap\*\*: \w/)
  })
})

test.each([...new Set(citations.map(({ file }) => file))])('every test that the documents cite is in %s', (file) => {
  const names = [...read(file).matchAll(NAME)].map(([, , name]) => name!.replaceAll('\\', ''))
  for (const { document, name } of citations.filter((one) => one.file === file)) {
    expect(names, `${document} cites it`).toContain(name)
  }
})
