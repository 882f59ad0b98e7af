import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'

/** The main column of a page with its one h1. Give the title to `meta` too, through `pageTitle`. */
export function Page({
  title,
  lead,
  notices,
  children,
  width = 'app',
  isDense = false,
}: {
  title: ReactNode
  lead?: ReactNode
  /** Banners, above everything else. */
  notices?: ReactNode
  children: ReactNode
  width?: 'app' | 'text' | 'landing' | 'column'
  /** Puts sections closer together on a wide screen, for a page with many. */
  isDense?: boolean
}) {
  return (
    <main id="main" tabIndex={-1} className={classNames('mx-auto w-full px-(--size-gutter) py-8', WIDTHS[width])}>
      <div className="mb-6 grid gap-2 empty:hidden">{notices}</div>
      <h1 className={width === 'landing' ? 'text-display' : undefined}>{title}</h1>
      {lead ? <p className="mt-2 text-ink-2">{lead}</p> : null}
      <div className={classNames('mt-6 grid grid-cols-[minmax(0,1fr)] gap-12', isDense && 'lg:gap-8')}>{children}</div>
    </main>
  )
}

const WIDTHS = { app: 'max-w-app', text: 'max-w-text', landing: 'max-w-landing', column: 'max-w-column' }

/** A part of a page under its own h2. */
export function Section({
  id,
  title,
  lead,
  aside,
  children,
}: {
  id: string
  title: ReactNode
  lead?: ReactNode
  /** Beside the heading: a link to more. */
  aside?: ReactNode
  children: ReactNode
}) {
  return (
    <section aria-labelledby={id} className="grid grid-cols-[minmax(0,1fr)] content-start gap-4">
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {lead ? <p className="text-ink-2">{lead}</p> : null}
      {children}
    </section>
  )
}
