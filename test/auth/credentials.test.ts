import { describe, expect, test } from 'vitest'
import { personName } from '#app/auth/credentials.ts'
import { email } from '#app/auth/email-address.ts'

describe('a name', () => {
  test.each([
    ['a Persian name with a zero-width non-joiner', 'علی\u200cرضا'],
    ['a Sinhala name with a zero-width joiner', 'ශ්\u200dරී'],
    ['a name with a composed emoji', 'Sam 🏳️\u200d🌈'],
    ['a name with initials', 'J.R.R. Tolkien'],
    ['a name with an apostrophe and a hyphen', 'Anne-Marie O’Neill, Ph.D.'],
    ['an empty name', ''],
  ])('%s is accepted unchanged', (_, name) => {
    expect(personName.parse(name)).toBe(name)
  })

  test.each([
    ['an address with a scheme', 'Win at https://evil.example/x'],
    ['a domain', 'Visit evil.example now'],
    ['a short domain', 'bit.ly'],
    ['a domain with a full-width dot', 'evil．example'],
    ['a domain with an ideographic dot', 'evil。example'],
    ['a domain in another script', 'сайт.рф'],
    ['an address without a scheme', '//198.51.100.7/x'],
    ['an email address', 'Write to eve@localhost'],
    ['a line break', 'Ada\nYou won'],
    ['a line separator', 'Ada\u2028You won'],
    ['a text direction override', 'Ada \u202egnp.exe'],
    ['a text direction isolate', 'Ada \u2067x'],
    ['an invisible character that no script needs', 'Ada\u200b'],
  ])('a name with %s is refused', (_, name) => {
    expect(personName.safeParse(name).success).toBe(false)
  })
})

describe('an email address', () => {
  test('an address has one stored form, however its domain is typed', () => {
    const typed = ['Ada@Bücher.example', 'ada@bu\u0308cher.example', 'ada@BÜCHER。example', 'ada@xn--bcher-kva.example']

    expect(new Set(typed.map((address) => email.parse(address)))).toEqual(new Set(['ada@xn--bcher-kva.example']))
  })

  test.each([
    [' Ada.Lovelace+x@Example.COM ', 'ada.lovelace+x@example.com'],
    ['ada@пример.рф', 'ada@xn--e1afmkfd.xn--p1ai'],
    ['ada@例え.テスト', 'ada@xn--r8jz45g.xn--zckzah'],
  ])('the address %s is stored as %s', (typed, kept) => {
    expect(email.parse(typed)).toBe(kept)
  })

  test.each([
    'ada@bücher.example/x',
    'ada@bücher.example:25',
    'ada@b%C3%BCcher.example',
    'ada@bücher',
    'ada@bü cher.example',
    'ada@eve@bücher.example',
    'ada@１２７.0.0.1',
    'ädä@example.com',
    `ada@${'ü'.repeat(60)}.${'ü'.repeat(60)}.${'ü'.repeat(60)}.${'ü'.repeat(60)}.example`,
  ])('%s is not accepted as an address', (typed) => {
    expect(email.safeParse(typed).success).toBe(false)
  })
})
