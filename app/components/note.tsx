import type { ComponentPropsWithoutRef, ReactNode } from 'react'
import { classNames } from './class-names.ts'

/** A banknote for credits. `stub` is where its stub is on a wide screen; on a phone it is always below. */
export function Note({
  stub = 'below',
  as: Element = 'section',
  className,
  ...rest
}: ComponentPropsWithoutRef<'section'> & { stub?: 'side' | 'below'; as?: 'section' | 'div' | 'li' }) {
  return <Element {...rest} className={classNames('note', className)} data-stub={stub} />
}

/** What the note is worth. */
export function NoteFace({ className, ...rest }: ComponentPropsWithoutRef<'div'>) {
  return <div {...rest} className={classNames('note-face', className)} />
}

/** Where it comes from and what happens next, beyond the perforation. */
export function NoteStub({ className, ...rest }: ComponentPropsWithoutRef<'div'>) {
  return <div {...rest} className={classNames('note-stub', className)} />
}

/** The large figure of a note. */
export function Denomination({
  children,
  size,
  tone,
}: {
  children: ReactNode
  size?: 'small'
  tone?: 'credit' | 'debt'
}) {
  return (
    <span
      className={classNames('denomination', tone === 'credit' && 'text-credit', tone === 'debt' && 'text-debt')}
      data-size={size}
    >
      {children}
    </span>
  )
}

/** Terms and values on a stub. */
export function StubList({ rows }: { rows: { term: string; value: ReactNode; note?: string | null }[] }) {
  return (
    <dl className="stub-list">
      {rows.map(({ term, value, note }) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>
            {value}
            {note ? <span className="block font-normal text-ink-2">{note}</span> : null}
          </dd>
        </div>
      ))}
    </dl>
  )
}
