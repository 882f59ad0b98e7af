import { z } from 'zod'

const ADDRESS_MAX = 254
const SAMPLE = 'Enter an email like name@example.com.'
/** As zod's own, with top-level domains that are written in punycode. */
const PATTERN =
  /^(?!\.)(?!.*\.\.)[a-z0-9_'+\-.]*[a-z0-9_+-]@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:[a-z]{2,}|xn--[a-z0-9-]*[a-z0-9])$/
/** What would end a host, or be decoded in one. */
const NO_DOMAIN = /[\s%/?#@:\\[\]<>^|"]/

/**
 * One plain address, in the one form that is stored and compared: lower case, and an international domain in ASCII
 * (`xn--…`), however it was typed. The database's unique index compares letter by letter.
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
