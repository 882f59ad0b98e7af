import { expect, test } from 'vitest'
import { redact } from '#app/log.server.ts'

test.each([
  ['the key sk_live_51abc was refused', 'the key [key] was refused'],
  ['sk_scrip_0123456789abcdef', '[key]'],
  ['whsec_abc+/=', '[signing secret]'],
  ['Authorization: Bearer sk-anything.at_all', 'Authorization: Bearer [key]'],
  ['connect mongodb+srv://app:pass@db.example/scrip', 'connect mongodb+srv://[credentials]@db.example/scrip'],
  ['smtps://user:pass@mail.example', 'smtps://[credentials]@mail.example'],
  ['no mail for ada.lovelace+x@mail.example', 'no mail for [email]'],
  ['$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA', '[password hash]'],
  ['POST /api/credits/deduct 200 in 5 ms', 'POST /api/credits/deduct 200 in 5 ms'],
])('the log shows “%s” without its secrets', (line, expected) => {
  expect(redact(line)).toBe(expected)
})
