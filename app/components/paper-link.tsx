import { ArrowUpRight } from 'lucide-react'

/** A link to a document at Stripe: an invoice or a receipt. `of` makes its name unique on the page. */
export function PaperLink({ name, of, href }: { name: string; of: string; href: string }) {
  return (
    <a className="inline-flex items-center gap-1 link max-sm:min-h-6" href={href} target="_blank" rel="noreferrer">
      {name}
      <span className="sr-only"> of {of} (opens a new tab)</span>
      <ArrowUpRight aria-hidden size={16} strokeWidth={1.75} />
    </a>
  )
}
