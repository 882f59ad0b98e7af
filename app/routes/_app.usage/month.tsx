import { ButtonLink } from '#app/components/button.tsx'
import { StubList } from '#app/components/note.tsx'
import { Section } from '#app/components/page.tsx'
import type { monthView } from '#app/usage/month-view.ts'

/** This month against the last one, and how long the credits last. */
export function Month({ view }: { view: ReturnType<typeof monthView> }) {
  const last = view.change ? `${view.before}. This month is ${view.change}.` : view.before
  return (
    <Section id="month" title="This month">
      <StubList
        rows={[
          { term: 'Spent so far', value: view.spent },
          { term: 'Last month, up to the same day', value: last },
        ]}
      />
      <div className="flex flex-wrap items-center gap-4">
        <p className="min-w-0 flex-1 basis-[18rem]">{view.forecast}</p>
        {view.cover ? (
          <ButtonLink to={view.cover.to} kind="outline">
            {view.cover.text}
          </ButtonLink>
        ) : null}
      </div>
    </Section>
  )
}
