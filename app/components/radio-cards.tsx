import type { ReactNode } from 'react'

interface RadioCard {
  value: string
  label: ReactNode
  detail?: ReactNode
  /** At the right edge: a price, a badge. */
  aside?: ReactNode
}

/** A choice between a few options: radio buttons whose labels are whole cards. */
export function RadioCards({
  legend,
  name,
  cards,
  defaultValue,
  isOptional = false,
  hidesLegend = false,
}: {
  legend: ReactNode
  name: string
  cards: RadioCard[]
  defaultValue?: string | null
  isOptional?: boolean
  /** For where the heading above says the same. */
  hidesLegend?: boolean
}) {
  return (
    <fieldset className="grid gap-2">
      <legend className={hidesLegend ? 'sr-only' : 'field-label mb-2'}>{legend}</legend>
      <div className="grid gap-2">
        {cards.map((card) => (
          <label key={card.value} className="radio-card">
            <input
              type="radio"
              name={name}
              value={card.value}
              defaultChecked={card.value === defaultValue}
              required={!isOptional}
            />
            <span className="flex flex-wrap items-baseline gap-x-3">
              <span className="font-semibold">{card.label}</span>
              {card.detail ? <span className="text-table text-ink-2">{card.detail}</span> : null}
            </span>
            {card.aside ? <span className="text-right text-table">{card.aside}</span> : null}
          </label>
        ))}
      </div>
    </fieldset>
  )
}
