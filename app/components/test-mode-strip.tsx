import { ArrowUpRight } from 'lucide-react'

/** Says that no money is real, and links to the sandbox. */
export function TestModeStrip({ sandboxUrl }: { sandboxUrl: string | null }) {
  if (!sandboxUrl) return null
  return (
    <aside aria-label="Test mode" className="strip" data-no-print>
      <span>Test mode: no real money.</span>
      <a href={sandboxUrl} target="_blank" rel="noreferrer" className="gap-1 link">
        Open the sandbox
        <ArrowUpRight aria-hidden size={16} strokeWidth={1.75} />
        <span className="sr-only">(opens a new tab)</span>
      </a>
    </aside>
  )
}
