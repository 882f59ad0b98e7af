/** What buyers ask, with answers of a sentence or two. */
export function Rules({ rules }: { rules: { term: string; text: string }[] }) {
  return (
    <dl className="grid max-w-text gap-4">
      {rules.map(({ term, text }) => (
        <div key={term}>
          <dt className="font-semibold">{term}</dt>
          <dd className="text-ink-2">{text}</dd>
        </div>
      ))}
    </dl>
  )
}
