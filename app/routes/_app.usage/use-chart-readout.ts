import { type KeyboardEvent, type PointerEvent, useState } from 'react'
import { useHydrated } from '#app/components/use-hydrated.ts'

interface Readout {
  /** What is pointed at, in words; null when nothing is. */
  readout: string | null
  handlers: Record<string, unknown>
}

/**
 * Reads out the bar under the pointer, or the one chosen with arrow keys. Without JavaScript the chart cannot be focused: it
 * is a picture with a sentence and a table.
 * @param texts one for each bar, oldest first
 */
export function useChartReadout(texts: string[]): Readout {
  const [index, setIndex] = useState<number | null>(null)
  const hydrated = useHydrated()
  if (!hydrated) return { readout: null, handlers: {} }

  const last = texts.length - 1
  const move = (event: KeyboardEvent) => {
    const from = index ?? last + 1
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[event.key]
    if (to === undefined) return
    event.preventDefault()
    setIndex(Math.min(Math.max(to, 0), last))
  }
  const point = (event: PointerEvent<HTMLElement>) => {
    const svg = [...event.currentTarget.querySelectorAll('svg')].find(
      (drawing) => drawing.getBoundingClientRect().width,
    )
    if (!svg) return
    const box = svg.getBoundingClientRect()
    const { width } = svg.viewBox.baseVal
    const left = Number(svg.dataset['plotX'])
    const plotWidth = Number(svg.dataset['plotWidth'])
    const x = ((event.clientX - box.left) / box.width) * width
    const place = Math.floor(((x - left) / plotWidth) * texts.length)
    setIndex(place >= 0 && place <= last ? place : null)
  }
  return {
    readout: index === null ? null : (texts[index] ?? null),
    handlers: {
      tabIndex: 0,
      role: 'group',
      'aria-label': 'Chart; arrow keys read it bar by bar',
      onKeyDown: move,
      onPointerMove: point,
      onPointerLeave: () => setIndex(null),
      onBlur: () => setIndex(null),
    },
  }
}
