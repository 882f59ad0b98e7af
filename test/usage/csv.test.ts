import { expect, test } from 'vitest'
import { csvLine } from '#app/usage/csv.ts'

test('a line ends as in RFC 4180, and a missing value is empty', () => {
  expect(csvLine(['spend', -24, null, 0])).toBe('spend,-24,,0\r\n')
})

test('quotes, commas and line breaks stay inside their cell', () => {
  expect(csvLine(['say "hi", twice', 'two\r\nlines', ' edges '])).toBe(
    '"say ""hi"", twice","two\r\nlines"," edges "\r\n',
  )
})

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '＝1', '\n@x'])(
  'the text %j cannot become a formula',
  (text) => {
    expect(csvLine([text])).toMatch(/^"?'/)
  },
)

test('a negative number stays a number and is no formula (5.10)', () => {
  expect(csvLine([-5, 'a-b'])).toBe('-5,a-b\r\n')
})
