import { z } from 'zod'

const ADDRESS_MAX = 254
const SAMPLE = 'Enter an email like name@example.com.'
/** Zod's pattern, plus top-level domains in punycode. */
const PATTERN =
  /^(?!\.)(?!.*\.\.)[a-z0-9_'+\-.]*[a-z0-9_+-]@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:[a-z]{2,}|xn--[a-z0-9-]*[a-z0-9])$/
/** Characters that end a host or are decoded in one. */
const NO_DOMAIN = /[\s%/?#@:\\[\]<>^|"]/

/**
 * An email address in the form that is stored and compared: lower case, with an international domain in ASCII (`xn--…`).
 * The database's unique index compares letter by letter.
 */
export const email = z
  .string('Enter your email.')
  .trim()
  .max(ADDRESS_MAX, 'Enter a shorter email.')
  .transform(withAsciiDomain)
  .pipe(z.email({ pattern: PATTERN, error: SAMPLE }).max(ADDRESS_MAX, 'Enter a shorter email.'))

function withAsciiDomain(text: string): string {
  const address = text.toLowerCase()
  const domain = address.slice(address.lastIndexOf('@') + 1)
  if (/^[\x21-\x7e]*$/.test(domain) || NO_DOMAIN.test(domain) || !URL.canParse(`http://${domain}`)) return address
  return address.slice(0, -domain.length) + new URL(`http://${domain}`).hostname
}
