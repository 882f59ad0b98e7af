import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MoneyClaim, reversedShare, type SoldPart } from '#app/credits/reversed-share.ts'

/** A $10 plan with 1000 credits and a $90 service without any. */
const PLAN: SoldPart = { ids: ['plan'], money: 1000, credits: 1000 }
const SERVICE: SoldPart = { ids: ['service'], money: 9000, credits: 0 }
const invoice = { paid: 10_000, parts: [PLAN, SERVICE] }
const bare = (amount: number): MoneyClaim => ({ amount })
const named = (id: string, amount: number): MoneyClaim => ({ amount, parts: [{ id, amount }] })
const reversed = (...claims: MoneyClaim[]) => reversedShare(1000, claims, invoice)

describe('the invoice of a plan and a service', () => {
  test.each<[string, MoneyClaim[], number]>([
    ['a bare refund takes its share of all money', [bare(9000)], 900],
    ['a refund of the service takes nothing', [named('service', 9000)], 0],
    ['a refund of the plan takes all', [named('plan', 1000)], 1000],
    ['half of the plan takes half of the credits', [named('plan', 500)], 500],
    ['a bare half and a refund of the service take their own shares', [bare(5000), named('service', 3000)], 500],
    ['money above the price of the service is taken from the plan', [bare(5000), named('service', 4800)], 800],
    ['a full refund takes all credits', [bare(1000), named('service', 9000)], 1000],
    [
      'more money than was paid takes no more than all credits',
      [bare(9000), named('plan', 1000), named('service', 9000)],
      1000,
    ],
    ['money for an unknown line counts for all lines', [named('other', 5000)], 500],
  ])('%s', (_, claims, credits) => {
    expect(reversed(...claims)).toBe(credits)
  })
})

test('the credits of a free line go back with money for the whole invoice, whatever is claimed of other lines', () => {
  const gift: SoldPart = { ids: ['gift'], money: 0, credits: 500 }
  const terms = { paid: 1000, parts: [PLAN, gift] }
  expect(reversedShare(1500, [bare(1000)], terms)).toBe(1500)
  expect(reversedShare(1500, [bare(500)], terms)).toBe(750)
  expect(reversedShare(1500, [named('plan', 1000)], terms)).toBe(1000)
  expect(reversedShare(1500, [bare(1000), named('plan', 1000)], terms)).toBe(1500)
})

describe('any refund', () => {
  const part = fc.record({ money: fc.integer({ min: 0, max: 5000 }), credits: fc.integer({ min: 0, max: 3000 }) })
  const sold = fc
    .array(part, { minLength: 1, maxLength: 5 })
    .map((parts) => parts.map((one, index) => ({ ids: [`line ${index}`], ...one })))
    .filter((parts) => sum(parts.map(({ money }) => money)) > 0)
  const story = sold.chain((parts) =>
    fc.record({
      parts: fc.constant(parts),
      granted: fc.constant(sum(parts.map(({ credits }) => credits))),
      claims: fc.array(
        fc
          .record({ amount: fc.integer({ min: 1, max: 6000 }), line: fc.option(fc.nat(parts.length - 1)) })
          .map(({ amount, line }) => (line === null ? bare(amount) : named(`line ${line}`, amount))),
        { maxLength: 6 },
      ),
    }),
  )
  const paidFor = (parts: SoldPart[]) => sum(parts.map(({ money }) => money))

  test('a refund never takes more than was granted, more money never takes less, and the order does not matter', () => {
    fc.assert(
      fc.property(story, fc.integer({ min: 1, max: 3000 }), ({ parts, granted, claims }, more) => {
        const terms = { paid: paidFor(parts), parts }
        const credits = reversedShare(granted, claims, terms)
        expect(credits).toBeGreaterThanOrEqual(0)
        expect(credits).toBeLessThanOrEqual(granted)
        expect(reversedShare(granted, [...claims].reverse(), terms)).toBe(credits)
        expect(reversedShare(granted, [...claims, bare(more)], terms)).toBeGreaterThanOrEqual(credits)
        expect(reversedShare(granted, [...claims, named('line 0', more)], terms)).toBeGreaterThanOrEqual(credits)
      }),
    )
  })

  test('several bare refunds take exactly the share of their total', () => {
    fc.assert(
      fc.property(sold, fc.integer({ min: 0, max: 20_000 }), (parts, amount) => {
        const paid = paidFor(parts)
        const granted = sum(parts.map(({ credits }) => credits))
        const share = Math.min(amount, paid)
        expect(reversedShare(granted, [bare(amount)], { paid, parts })).toBe(Math.floor((granted * share) / paid))
      }),
    )
  })

  test('a line refunded in full takes its own credits and no others', () => {
    fc.assert(
      fc.property(sold, (parts) => {
        const granted = sum(parts.map(({ credits }) => credits))
        for (const { ids, money, credits } of parts.filter((one) => one.money > 0))
          expect(reversedShare(granted, [named(ids[0]!, money)], { paid: paidFor(parts), parts })).toBe(credits)
      }),
    )
  })

  test('an invoice with two hundred lines is computed in time', () => {
    const parts = Array.from({ length: 200 }, (_, index) => ({
      ids: [`${index}`],
      money: 997 + index,
      credits: 13 * index,
    }))
    const claims = parts.map(({ ids, money }, index) => named(ids[0]!, 1 + ((money * index) % 900)))
    const start = performance.now()
    reversedShare(50_000, [...claims, bare(12_345)], { paid: paidFor(parts), parts })
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
