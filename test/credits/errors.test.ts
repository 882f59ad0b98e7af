import { expect, test } from 'vitest'
import { InsufficientCredits } from '#app/credits/errors.ts'

test.each([
  [24, 9, 'This needs 24 credits and you have 9.'],
  [1, 0, 'This needs 1 credit and you have 0.'],
])('the refusal of a spend of %i from %i states the shortfall', (required, available, message) => {
  expect(new InsufficientCredits(required, available)).toMatchObject({ message, details: { required, available } })
})

test('a refusal below zero explains the debt and how to settle it', () => {
  const { message } = new InsufficientCredits(1, -875)
  expect(message).toContain('Your balance is −875')
  expect(message).toMatch(/took back credits that were already spent.*New credits settle that first/)
})
