import { type ComponentPropsWithoutRef, type ReactNode, useEffect, useRef, useState } from 'react'
import { classNames } from './class-names.ts'

interface TableProps {
  /** The id of the heading that names the table; otherwise give a caption. */
  labelledBy?: string
  caption?: ReactNode
  /** On a phone each row has two lines: say where a cell goes with `place`. */
  stacks?: boolean
  sticky?: boolean
  busy?: boolean
  className?: string
  children: ReactNode
}

/** A table. It becomes a group that scrolls only when it is wider than its place. */
export function Table({ labelledBy, caption, stacks, sticky, busy, className, children }: TableProps) {
  const frame = useRef<HTMLDivElement>(null)
  const [scrolls, setScrolls] = useState(false)

  useEffect(() => {
    const element = frame.current
    if (!element) return
    const table = element.firstElementChild
    if (!table) return
    const observer = new ResizeObserver(() => setScrolls(table.scrollWidth > element.clientWidth + 1))
    observer.observe(element)
    observer.observe(table)
    return () => observer.disconnect()
  }, [])

  // Not a region: the section under the same heading is a landmark of that name already.
  const group = scrolls ? { role: 'group', tabIndex: 0, 'aria-labelledby': labelledBy } : {}
  return (
    <div ref={frame} className="table-frame" data-scrolls={scrolls || undefined} {...group}>
      <table
        className={classNames('table', className)}
        aria-labelledby={labelledBy}
        aria-busy={busy || undefined}
        data-stacks={stacks || undefined}
        data-sticky={sticky || undefined}
      >
        {caption ? <caption className="sr-only">{caption}</caption> : null}
        {children}
      </table>
    </div>
  )
}

interface CellPlace {
  /** Figures are on the right, and so is their head. */
  numeric?: boolean
  /** Where the cell goes in the lines of a phone's row; `part` shares the second line with others. */
  place?: 'first' | 'second' | 'meta' | 'part' | 'whole' | 'wide-only'
}

function placeOf({ numeric, place }: CellPlace) {
  return {
    'data-numeric': numeric || undefined,
    'data-first': place === 'first' || undefined,
    'data-second': place === 'second' || undefined,
    'data-meta': place === 'meta' || place === 'part' || undefined,
    'data-part': place === 'part' || undefined,
    'data-whole': place === 'whole' || undefined,
    'data-wide-only': place === 'wide-only' || undefined,
  }
}

export function Th({ numeric, place, scope = 'col', ...rest }: CellPlace & ComponentPropsWithoutRef<'th'>) {
  return <th {...rest} scope={scope} {...placeOf({ numeric, place })} />
}

type Column = string | { numeric: string } | { hidden: string }

/** The heads of columns: `numeric` above figures, `hidden` for screen readers only. */
export function TableHead({ columns }: { columns: Column[] }) {
  return (
    <thead>
      <tr>
        {columns.map((column) => {
          if (typeof column === 'string') return <Th key={column}>{column}</Th>
          const name = 'hidden' in column ? column.hidden : column.numeric
          return (
            <Th key={name} numeric={'numeric' in column}>
              {'hidden' in column ? <span className="sr-only">{name}</span> : name}
            </Th>
          )
        })}
      </tr>
    </thead>
  )
}

export function Td({ numeric, place, ...rest }: CellPlace & ComponentPropsWithoutRef<'td'>) {
  return <td {...rest} {...placeOf({ numeric, place })} />
}
