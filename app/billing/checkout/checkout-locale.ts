/** The languages of Stripe Checkout. */
export const CHECKOUT_LOCALES = [
  ...['bg', 'cs', 'da', 'de', 'el', 'en', 'en-GB', 'es', 'es-419', 'et', 'fi', 'fil', 'fr', 'fr-CA', 'hi-IN', 'hr'],
  ...['hu', 'id', 'it', 'ja', 'ko', 'lt', 'lv', 'ms', 'mt', 'nb', 'nl', 'pl', 'pt', 'pt-BR', 'ro', 'ru', 'sk', 'sl'],
  ...['sv', 'th', 'tr', 'vi', 'zh', 'zh-HK', 'zh-TW'],
]

/** Browser names of languages that Stripe names differently. */
const OTHER_NAMES = new Map([
  ['hi', 'hi-IN'],
  ['nn', 'nb'],
  ['no', 'nb'],
  ['tl', 'fil'],
])
const HEADER_MAX = 500

/**
 * The language for Stripe Checkout: the first of the browser's languages that Stripe supports.
 * @returns one of {@link CHECKOUT_LOCALES}, or `auto`: then Stripe looks at the browser itself
 */
export function checkoutLocaleOf(acceptLanguage: string | null): string {
  const wanted = (acceptLanguage ?? '')
    .slice(0, HEADER_MAX)
    .split(',')
    .map(readPart)
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
  for (const { tag } of wanted) {
    const locale = localeOf(tag)
    if (locale) return locale
  }
  return 'auto'
}

/** "de-AT;q=0.8" */
function readPart(part: string): { tag: string; weight: number } {
  const [tag = '', ...options] = part.split(';').map((piece) => piece.trim().toLowerCase())
  const quality = options.find((option) => option.startsWith('q='))
  const weight = quality === undefined ? 1 : Number(quality.slice(2))
  return { tag, weight: Number.isFinite(weight) ? weight : 0 }
}

function localeOf(tag: string): string | null {
  const [language = '', ...rest] = tag.split('-')
  if (language === 'zh') return chineseOf(rest)
  // Spanish from anywhere but Spain maps to Latin American Spanish.
  if (language === 'es' && rest.length > 0 && !rest.includes('es')) return 'es-419'
  return spoken(tag) ?? spoken(OTHER_NAMES.get(language) ?? language)
}

const spoken = (name: string): string | null =>
  CHECKOUT_LOCALES.find((locale) => locale.toLowerCase() === name.toLowerCase()) ?? null

function chineseOf(rest: string[]): string {
  if (rest.includes('hk') || rest.includes('mo')) return 'zh-HK'
  return rest.includes('tw') || rest.includes('hant') ? 'zh-TW' : 'zh'
}
