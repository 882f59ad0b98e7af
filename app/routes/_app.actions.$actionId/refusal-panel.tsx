import { useEffect, useRef } from 'react'
import type { WayOutWords } from '#app/actions/action-words.ts'
import { ButtonLink } from '#app/components/button.tsx'

/** Why credits were not spent, with the figures, and what the user can do. */
export function RefusalPanel({
  reason,
  ways,
  isCertain,
}: {
  reason: string
  ways: WayOutWords[]
  /** False where it is not known yet whether anything was spent. */
  isCertain: boolean
}) {
  const panel = useRef<HTMLDivElement>(null)
  useEffect(() => panel.current?.focus(), [reason])

  const buttons = ways.filter((way) => way.to !== null)
  const waits = ways.filter((way) => way.to === null)
  return (
    <div ref={panel} tabIndex={-1} className="grid gap-4 rounded-sheet border-l-4 border-debt bg-debt-wash p-6">
      <div role="alert" className="grid gap-1 text-debt-ink">
        <h2 className="font-text text-lead">{reason}</h2>
        {isCertain ? <p>Nothing was spent.</p> : null}
      </div>
      {buttons.length > 0 ? (
        <div className="flex flex-wrap gap-2">
          {buttons.map(({ text, to }, index) => (
            <ButtonLink key={text} to={to ?? '/billing'} kind={index === 0 ? 'green' : 'outline'}>
              {text}
            </ButtonLink>
          ))}
        </div>
      ) : null}
      {waits.map(({ text }) => (
        <p key={text} className="text-debt-ink">
          {text}
        </p>
      ))}
    </div>
  )
}
