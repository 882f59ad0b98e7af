/** Code that scrolls in its own frame; a click selects all of it. */
export function CodeBlock({ label, children }: { label: string; children: string }) {
  return (
    <pre
      role="region"
      aria-label={label}
      tabIndex={0}
      className="overflow-x-auto rounded-sheet border border-rule bg-well p-4 [overflow-wrap:normal]"
    >
      <code className="select-all">{children}</code>
    </pre>
  )
}
