import { Link, type LinkProps } from '@remix-run/react'
import type { ComponentPropsWithRef, ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { useShownBusy } from './use-shown-busy.ts'

/** `green` is for the one button that buys; `red` only confirms something destructive. */
export type ButtonKind = 'ink' | 'green' | 'outline' | 'quiet' | 'red'

interface ButtonProps extends Omit<ComponentPropsWithRef<'button'>, 'disabled'> {
  kind?: ButtonKind
  /** Its form is being sent: a second press is ignored, and the label changes if it takes long. */
  busy?: boolean
}

export function Button({
  kind = 'ink',
  busy = false,
  className,
  children,
  onClick,
  type = 'submit',
  ...rest
}: ButtonProps) {
  const showsBusy = useShownBusy(busy)
  return (
    <button
      {...rest}
      type={type}
      className={classNames('button', className)}
      data-kind={kind}
      data-showing-busy={showsBusy || undefined}
      aria-disabled={busy || rest['aria-disabled']}
      onClick={(event) => {
        if (busy) event.preventDefault()
        else onClick?.(event)
      }}
    >
      <span className="button-label">{children}</span>
      <span className="button-busy">Working…</span>
    </button>
  )
}

interface ButtonLinkProps extends LinkProps {
  kind?: ButtonKind
  children: ReactNode
}

/** A link that looks like a button, for the next step from a page. */
export function ButtonLink({ kind = 'ink', className, children, ...rest }: ButtonLinkProps) {
  return (
    <Link {...rest} className={classNames('button', className)} data-kind={kind}>
      <span className="button-label">{children}</span>
    </Link>
  )
}
