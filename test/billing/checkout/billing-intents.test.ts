import { expect, test } from 'vitest'
import { intentOf } from '#app/routes/_app.billing._index/intents.server.ts'

const formWith = (intent?: string | Blob) => {
  const form = new FormData()
  if (intent !== undefined) form.set('intent', intent)
  return form
}

test.each(['pack', 'confirm', 'portal', 'update-card', 'undo-change', 'restart', 'resume'])(
  'the billing page handles %s',
  (intent) => expect(intentOf(formWith(intent))).toBeTypeOf('function'),
)

test.each([undefined, '', 'Pack', 'constructor', '__proto__', 'toString', 'x'.repeat(10_000), new Blob(['pack'])])(
  'the billing page has no button for a forged intent (%#)',
  (intent) => expect(intentOf(formWith(intent))).toBeNull(),
)
