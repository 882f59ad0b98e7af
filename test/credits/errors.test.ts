import { expect, test } from 'vitest'
import { InsufficientCredits } from '#app/credits/errors.ts'

test.each([
  [24, 9, 'This needs 24 credits and you have 9.'],
  [1, 0, 'This needs 1 credit and you have 0.'],
])('a spend of %i from %i says what is lacking', (required, available, message) => {
  expect(new InsufficientCredits(required, available)).toMatchObject({ message, details: { required, available } })
})

test('below zero it says how the balance got there, and what settles it', () => {
  const { message } = new InsufficientCredits(1, -875)
  expect(message).toContain('Your balance is −875')
  expect(message).toMatch(/took back credits that were already spent.*New credits settle that first/)
})
