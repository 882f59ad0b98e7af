import { Link, type LinkProps } from '@remix-run/react'

/** A link in a text. */
export function TextLink(props: LinkProps) {
  return <Link {...props} className="link" />
}
