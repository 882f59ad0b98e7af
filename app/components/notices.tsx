import type { ReactNode } from 'react'
import { Banner } from './banner.tsx'

export interface NoticeView {
  tone: 'ochre' | 'red' | 'green'
  text: string
  action?: ReactNode
}

/** At most one banner stands at the top of a page; what is less grave can be unfolded. */
export function Notices({ notices }: { notices: NoticeView[] }) {
  const [first, ...rest] = notices
  if (!first) return null
  return (
    <>
      <Banner tone={first.tone} action={first.action}>
        {first.text}
      </Banner>
      {rest.length > 0 ? (
        <details>
          <summary className="w-fit cursor-pointer text-table link">
            {rest.length === 1 ? '1 more notice' : `${rest.length} more notices`}
          </summary>
          <div className="mt-2 grid gap-2">
            {rest.map((notice) => (
              <Banner key={notice.text} tone={notice.tone} action={notice.action}>
                {notice.text}
              </Banner>
            ))}
          </div>
        </details>
      ) : null}
    </>
  )
}
