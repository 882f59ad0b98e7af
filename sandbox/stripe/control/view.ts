/** What the page shows: which events, and which object is open beside them. All of it is in the URL. */
export interface View {
  customer: string | null
  object: string | null
  type: string | null
  before: string | null
  /** What the last action had to say. */
  notice: string | null
}

/** The same page with something else open. */
export function linkTo(view: View, change: Partial<View>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...view, notice: null, ...change })) if (value) query.set(name, value)
  return query.size > 0 ? `/?${query}` : '/'
}
