import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'

export interface SumRow {
  label: ReactNode
  /** One cell for each column; finished text. */
  values: ReactNode[]
}

/**
 * A sum worked out line by line: a rule above the total, a double rule below. With one column and no heads it is the
 * arithmetic on a note; with `columns` it is a table of money and credits, each of which may have a total of its own.
 */
export function SumTable({
  rows,
  total,
  columns,
  labelledBy,
  caption,
  className,
}: {
  rows: SumRow[]
  total: SumRow | SumRow[]
  columns?: string[]
  labelledBy?: string
  caption?: string
  className?: string
}) {
  return (
    <table className={classNames('sum-table', className)} aria-labelledby={labelledBy}>
      {caption ? <caption className="sr-only">{caption}</caption> : null}
      {columns ? (
        <thead>
          <tr>
            <td />
            {columns.map((column) => (
              <th key={column} scope="col" data-numeric>
                {column}
              </th>
            ))}
          </tr>
        </thead>
      ) : null}
      <tbody>
        {rows.map((row, index) => (
          <SumLine key={index} {...row} />
        ))}
      </tbody>
      <tfoot>
        {[total].flat().map((row, index) => (
          <SumLine key={index} {...row} />
        ))}
      </tfoot>
    </table>
  )
}

function SumLine({ label, values }: SumRow) {
  return (
    <tr>
      <th scope="row">{label}</th>
      {values.map((value, index) => (
        <td key={index} data-numeric>
          {value}
        </td>
      ))}
    </tr>
  )
}
