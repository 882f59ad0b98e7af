import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'

interface SumRow {
  label: ReactNode
  value: ReactNode
}

/** A calculation line by line: a rule above the total, a double rule below. */
export function SumTable({
  rows,
  total,
  labelledBy,
  caption,
  className,
}: {
  rows: SumRow[]
  total: SumRow | SumRow[]
  labelledBy?: string
  caption?: string
  className?: string
}) {
  return (
    <table className={classNames('sum-table', className)} aria-labelledby={labelledBy}>
      {caption ? <caption className="sr-only">{caption}</caption> : null}
      <tbody>{rows.map(toLine)}</tbody>
      <tfoot>{[total].flat().map(toLine)}</tfoot>
    </table>
  )
}

const toLine = ({ label, value }: SumRow, index: number) => (
  <tr key={index}>
    <th scope="row">{label}</th>
    <td data-numeric>{value}</td>
  </tr>
)
