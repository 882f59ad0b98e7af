/** A form on a page. */
export interface HtmlForm {
  /** Its target, by default the page itself. */
  action: string
  /** What it sends if submitted unchanged, its first button included. */
  fields: Record<string, string>
}

/** The forms of a page that change data, read from its HTML. */
export function formsOf(html: string, path: string): HtmlForm[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)]
    .filter(([, attributes = '']) => attributeOf(attributes, 'method')?.toLowerCase() === 'post')
    .map(([, attributes = '', content = '']) => ({
      action: attributeOf(attributes, 'action') ?? path,
      fields: fieldsOf(content),
    }))
}

function fieldsOf(content: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [, attributes = ''] of content.matchAll(/<(?:input|button|textarea)\b([^>]*)>/g)) {
    const name = attributeOf(attributes, 'name')
    if (name === undefined) continue
    const value = attributeOf(attributes, 'value')
    if (/\schecked=/.test(attributes)) fields[name] = value ?? 'on'
    fields[name] ??= value ?? ''
  }
  for (const [, attributes = '', options = ''] of content.matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/g)) {
    const name = attributeOf(attributes, 'name')
    if (name !== undefined) fields[name] = selectedOf(options) ?? ''
  }
  return fields
}

function selectedOf(options: string): string | undefined {
  const [selected = options] = /<option[^>]*\sselected[^>]*>/.exec(options) ?? []
  return attributeOf(/<option([^>]*)>/.exec(selected)?.[1] ?? '', 'value')
}

function attributeOf(attributes: string, name: string): string | undefined {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1]
  return value?.replaceAll('&quot;', '"').replaceAll('&#x27;', "'").replaceAll('&amp;', '&')
}
