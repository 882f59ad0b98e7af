/** What the page shows: which events and which object. All of it is in the URL. */
export interface View {
  customer: string | null
  object: string | null
  type: string | null
  before: string | null
  /** The message of the last action. */
  notice: string | null
}

/** A link to the same page with a changed view. */
export function linkTo(view: View, change: Partial<View>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...view, notice: null, ...change })) if (value) query.set(name, value)
  return query.size > 0 ? `/?${query}` : '/'
}
