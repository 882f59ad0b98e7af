import { data } from '@remix-run/node'

/** A field of our own pages. Brackets and dots would be read as a path, and `a[100000000]` as a list of that length. */
const PLAIN_NAME = /^[a-z][\w-]{0,63}$/i
const MAX_NAMES = 100
/** No field of ours has two values. The second is kept, so that the schema refuses it; more would only cost time. */
const MAX_VALUES = 2

/**
 * Reads a posted form, and drops what no form of ours has: names that are not plain field names (including the form
 * library's `__intent__` and `__state__`, which it would parse as JSON), and fields beyond a fixed number. They are dropped
 * and not refused, so that a field that does not belong to a form changes nothing, whatever its name.
 * @throws a 400 response for a body that is not a form, or is incomplete: that is the sender's fault, not ours
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

/** Names that every object has, like `constructor` and `toString`, are not fields either. */
function isPlainName(name: string): boolean {
  return PLAIN_NAME.test(name) && !(name in Object.prototype)
}
