import { Check, Star } from 'lucide-react'
import { Badge } from '#app/components/badge.tsx'
import { classNames } from '#app/components/class-names.ts'
import { Denomination, Note, NoteFace, NoteStub } from '#app/components/note.tsx'
import type { PriceView } from './offers.server.ts'
import { PlanAction, type PlanActionProps } from './plan-action.tsx'

/** A plan as a banknote: price and button on its face, features on its stub. */
export function PlanNote({ isRecommended, ...action }: PlanActionProps & { isRecommended: boolean }) {
  const { offer, interval } = action
  const id = `plan-${offer.name}`
  return (
    // The notes of a row share its two lines, so that their perforations are level.
    <Note as="li" aria-labelledby={id} className="row-span-2 grid-rows-subgrid gap-y-0!">
      <NoteFace className="grid content-start gap-4">
        <div>
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h2 id={id}>{offer.name}</h2>
            {isRecommended ? (
              <Badge tone="neutral" icon={Star}>
                Recommended
              </Badge>
            ) : null}
          </div>
          <p className="mt-1 text-table text-ink-2">{offer.summary}</p>
        </div>
        <div className="swap">
          <PriceText price={offer.prices.month} shown={interval === 'month'} />
          <PriceText price={offer.prices.year} shown={interval === 'year'} />
        </div>
        <PlanAction {...action} />
      </NoteFace>
      <NoteStub>
        {offer.builtOn === null ? null : (
          <p className="mb-2 font-semibold">
            Everything in {offer.builtOn}
            {offer.lines.length > 0 ? ', plus' : ', with more credits'}
          </p>
        )}
        <ul className="grid gap-2">
          {offer.lines.map((line) => (
            <li key={line} className="flex gap-2">
              <Check aria-hidden size={16} strokeWidth={1.75} className="mt-[2px] flex-none text-ink-3" />
              {line}
            </li>
          ))}
        </ul>
      </NoteStub>
    </Note>
  )
}

/** Both prices are in the page and share one place, so that switching moves nothing. */
function PriceText({ price, shown }: { price: PriceView; shown: boolean }) {
  return (
    <div className={classNames('text-table', !shown && 'invisible')}>
      <p>
        <Denomination size="small">{price.amount}</Denomination> {price.per}
      </p>
      <p className="text-ink-2">{price.note}</p>
      <p className="mt-2 font-semibold">{price.credits}</p>
      <p className="min-h-[1lh] text-ink-2">{price.unitPrice}</p>
    </div>
  )
}
