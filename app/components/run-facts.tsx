/** What a run says about its result. */
export function RunFacts({ facts }: { facts: [label: string, text: string][] }) {
  if (facts.length === 0) return null
  return (
    <dl className="grid gap-2 text-table">
      {facts.map(([label, text]) => (
        <div key={label}>
          <dt className="text-ink-2">{label}</dt>
          <dd className="break-words whitespace-pre-wrap">{text}</dd>
        </div>
      ))}
    </dl>
  )
}
