/*
 * What tells the parts of the chart apart. Never color alone: layers differ in lightness and pattern, marks in shape. Only
 * additions are green.
 */

/** The patterns of {@link fillOf}. Each drawing has its own, because those of a hidden drawing are not rendered. */
export function Patterns({ id }: { id: string }) {
  return (
    <defs>
      <pattern id={`hatch-${id}`} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="5" height="5" className="fill-sheet" />
        <rect width="2" height="5" className="fill-ink" />
      </pattern>
      <pattern id={`dots-${id}`} width="4" height="4" patternUnits="userSpaceOnUse">
        <rect width="4" height="4" className="fill-sheet" />
        <rect x="1" y="1" width="1.5" height="1.5" className="fill-ink-2" />
      </pattern>
    </defs>
  )
}

/** How a layer is filled, by its place from the bottom: ink, hatched, gray, dotted. */
export function fillOf(series: number, id: string): { className: string; fill?: string } {
  switch (series) {
    case 0:
      return { className: 'fill-ink stroke-sheet' }
    case 1:
      return { fill: `url(#hatch-${id})`, className: 'stroke-ink' }
    case 2:
      return { className: 'fill-rule-strong stroke-sheet' }
    default:
      return { fill: `url(#dots-${id})`, className: 'stroke-ink-2' }
  }
}

/** Points down at the bar of the day; `y` is its tip. */
export function AddedMark({ x, y }: { x: number; y: number }) {
  return <path d={`M${x - 5} ${y - 8} h10 l-5 8 z`} className="fill-credit" />
}

/** Points up and away, and is hollow. */
export function RemovedMark({ x, y }: { x: number; y: number }) {
  return <path d={`M${x - 5} ${y} h10 l-5 -8 z`} className="fill-sheet stroke-ink" />
}
