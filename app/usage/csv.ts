/** A cell: text is protected against being read as a formula; a number stays a number. */
export type CsvCell = string | number | null

/** What spreadsheets take for the start of a formula, including full-width forms and leading white space. */
const FORMULA = /^[\s\0]*[=+\-@\t\r\n＝＋－＠]/

/**
 * Writes one line of a CSV file with its end, by RFC 4180. Text that a spreadsheet would run as a formula gets an apostrophe
 * in front; numbers do not, not even negative ones.
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
