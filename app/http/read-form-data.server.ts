import { data } from '@remix-run/node'

/** A field of our own pages. Brackets and dots would be read as a path, and `a[100000000]` as a list of that length. */
const PLAIN_NAME = /^[a-z][\w-]{0,63}$/i
const MAX_NAMES = 100
/** No field of ours has two values: the second stays so that the schema refuses it, more of them only cost time. */
const MAX_VALUES = 2

/**
 * Reads a form that was posted, and drops what no form of ours has: names that are no plain field name (also the
 * form library's own `__intent__` and `__state__`, which it would parse as JSON), and fields beyond a fixed number.
 * Dropped and not refused, so that a field which does not belong to a form changes nothing, whatever its name.
 * @param request whose body has not been read yet
 * @returns at most 100 fields
 * @throws a 400 response for a body that is no form, or is cut short: that is its sender's doing and no failure of ours
 */
export async function readFormData(request: Request): Promise<FormData> {
  const sent = await request.formData().catch(() => {
    throw data(null, { status: 400 })
  })
  const form = new FormData()
  const values = new Map<string, number>()
  for (const [name, value] of sent) {
    const count = values.get(name) ?? 0
    if (!isPlainName(name) || count >= MAX_VALUES || (count === 0 && values.size >= MAX_NAMES)) continue
    values.set(name, count + 1)
    form.append(name, value)
  }
  return form
}

/** What every object has already, like `constructor` and `toString`, is no field either. */
function isPlainName(name: string): boolean {
  return PLAIN_NAME.test(name) && !(name in Object.prototype)
}
