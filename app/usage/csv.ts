/** A cell: text is protected against being read as a formula, a number stays a number. */
export type CsvCell = string | number | null

/** What spreadsheets take for the start of a formula, also in its full-width forms and behind leading white space. */
const FORMULA = /^[\s\0]*[=+\-@\t\r\n＝＋－＠]/

/**
 * Writes one line of a CSV file as RFC 4180 has it. A text that a spreadsheet would run as a formula gets an apostrophe
 * in front; numbers, also negative ones, are left as they are.
 * @param cells one row
 * @returns the line with its end
 */
export function csvLine(cells: CsvCell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(cell: CsvCell): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  const safe = FORMULA.test(cell) ? `'${cell}` : cell
  return /[",\r\n]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
