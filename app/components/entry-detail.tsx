import { TextLink } from './text-link.tsx'

/** An entry that unfolds to its details: exact time, grants used, and the ids that support needs. */
export function EntryDetail({
  title,
  rows,
  run,
}: {
  title: string
  rows: [label: string, text: string][]
  /** The page of the run that it belongs to. */
  run?: string | null
}) {
  return (
    <details>
      <summary className="cursor-pointer">{title}</summary>
      <dl className="grid gap-1 py-2 text-fine text-ink-2">
        {rows.map(([label, text], index) => (
          <div key={index} className="flex flex-wrap gap-x-2">
            <dt>{label}</dt>
            <dd className="min-w-0 break-all">{text}</dd>
          </div>
        ))}
      </dl>
      {run ? (
        <p className="pb-2 text-fine">
          <TextLink to={run}>See the run</TextLink>
        </p>
      ) : null}
    </details>
  )
}
