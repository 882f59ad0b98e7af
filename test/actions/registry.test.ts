import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { InvalidActionInput } from '#app/actions/errors.ts'
import { actionTitle, findPaidAction, paidActions } from '#app/actions/paid-actions.server.ts'
import { defineAction } from '#app/actions/registry.ts'

const base = {
  id: 'pages',
  title: 'Pages',
  summary: 'Counts pages.',
  fields: [],
  input: z.object({ pages: z.coerce.number().int().min(1, 'At least one page.') }),
  run: () => Promise.resolve({ facts: {}, files: [] }),
}

describe('defineAction', () => {
  test('the price is computed from the units of the input', () => {
    const action = defineAction({
      ...base,
      unit: { one: 'page', many: 'pages', credits: 2 },
      units: ({ pages }) => pages,
    })

    expect(action.isFixedPrice).toBe(false)
    expect(action.prepare({ pages: '12' })).toMatchObject({ units: 12, credits: 24, input: { pages: 12 } })
  })

  test('an action without units counts one', () => {
    const action = defineAction({ ...base, unit: { one: 'page', many: 'pages', credits: 2 } })

    expect(action.isFixedPrice).toBe(true)
    expect(action.prepare({ pages: 12 })).toMatchObject({ units: 1, credits: 2 })
  })

  test('an invalid input is reported per field in the schema’s words', () => {
    const action = defineAction({ ...base, unit: { one: 'page', many: 'pages', credits: 2 } })

    expect(() => action.prepare({ pages: 0 })).toThrow(InvalidActionInput)
    expect(() => action.prepare({ pages: 0 })).toThrow('At least one page.')
  })

  test.each([0, 0.5, -1, Number.NaN, Infinity])(
    'a unit price of %d is refused when the action is defined',
    (credits) => {
      expect(() => defineAction({ ...base, unit: { one: 'page', many: 'pages', credits } })).toThrow(/whole number/)
    },
  )

  test('a price that an input makes fractional is refused', () => {
    const action = defineAction({ ...base, unit: { one: 'page', many: 'pages', credits: 1 }, units: () => 0.5 })

    expect(() => action.prepare({ pages: 1 })).toThrow(/whole number/)
  })
})

describe('the list of actions', () => {
  test('every id is unique and fits into an address and the ledger', () => {
    const ids = paidActions().map(({ id }) => id)

    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z0-9][a-z0-9-]{0,63}$/)
  })

  test('every action asks only for fields that its form has', () => {
    for (const { fields } of paidActions()) {
      expect(new Set(fields.map(({ name }) => name)).size).toBe(fields.length)
      expect(fields.map(({ name }) => name)).not.toContain('key')
    }
  })

  test('an action is found by its id and by nothing else', () => {
    expect(findPaidAction('qr-code')?.title).toBe('QR code')
    for (const id of ['QR-code', '', 'constructor', '__proto__']) expect(findPaidAction(id)).toBeNull()
  })

  test('an unknown action id is named in the error', () => {
    expect(actionTitle('qr-code')).toBe('QR code')
    expect(actionTitle('translate')).toBe('translate')
  })
})
