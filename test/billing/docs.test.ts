import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

/** `test/some/file.test.ts › the name of a test` */
const CITATION = /`(test\/[\w./-]+\.tsx?) › ([^`]+)`/g
/** Where a test gets its name; what follows `each` stands between its table and the name. */
const NAME = /(?:\bit|\btest|\))\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs

const citations = [...readFileSync('docs/billing.md', 'utf8').matchAll(CITATION)].map(([, file, name]) => ({
  file: file!,
  name: name!,
}))

test('docs/billing.md cites a test for every situation of its tables', () => {
  const rows = readFileSync('docs/billing.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\| (---|-|Situation|Complaint)/i.test(line))
  expect(rows.length).toBeGreaterThan(30)
  for (const row of rows) expect(row).toMatch(/`test\/[^`]+ › [^`]+`/)
})

test.each([...new Set(citations.map(({ file }) => file))])('every test that docs/billing.md cites is in %s', (file) => {
  const source = readFileSync(file, 'utf8')
  const names = [...source.matchAll(NAME)].map(([, , name]) => name!.replaceAll('\\', ''))
  for (const cited of citations.filter((one) => one.file === file)) expect(names).toContain(cited.name)
})
