import { describe, expect, test } from 'vitest'
import {
  formatCredits,
  formatCreditsInWords,
  formatDate,
  formatDateTime,
  formatDay,
  formatMoney,
  formatWeekday,
  isTimeZone,
  minorDigits,
} from '#app/format.ts'

const HYPHEN = '-'
const MINUS = '\u2212'

describe('formatCredits', () => {
  test('credits have thousands separators and are never abbreviated', () => {
    expect(formatCredits(1_234_567)).toBe('1,234,567')
    expect(formatCredits(0)).toBe('0')
  })

  test('negative credits have a minus sign, not a hyphen', () => {
    expect(formatCredits(-12_345)).toBe(`${MINUS}12,345`)
    expect(formatCredits(-1, { signed: true })).not.toContain(HYPHEN)
  })

  test('additions and deductions are signed, zero is not', () => {
    expect(formatCredits(25, { signed: true })).toBe('+25')
    expect(formatCredits(-24, { signed: true })).toBe(`${MINUS}24`)
    expect(formatCredits(0, { signed: true })).toBe('0')
  })

  test('zero never has a minus sign', () => {
    expect(formatCredits(-0, { signed: true })).toBe('0')
    expect(formatCredits(-0)).toBe('0')
  })

  test('one credit is singular and every other number plural', () => {
    expect(formatCreditsInWords(1)).toBe('1 credit')
    expect(formatCreditsInWords(2_000)).toBe('2,000 credits')
    expect(formatCreditsInWords(0)).toBe('0 credits')
    expect(formatCreditsInWords(-1)).toBe(`${MINUS}1 credit`)
  })
})

describe('formatMoney', () => {
  test('money is counted in minor units and shown with two decimals', () => {
    expect(formatMoney(1800, 'usd')).toBe('$18.00')
    expect(formatMoney(453, 'USD')).toBe('$4.53')
    expect(formatMoney(123_456_789, 'eur')).toBe('€1,234,567.89')
  })

  test('currencies without a minor unit have no decimals', () => {
    expect(formatMoney(1800, 'jpy')).toBe('¥1,800')
    expect(formatMoney(5000, 'krw')).toBe('₩5,000')
    expect(minorDigits('CLP')).toBe(0)
  })

  test('Stripe’s currency table takes precedence over that of the language', () => {
    expect(formatMoney(500, 'isk')).toMatch(/5\.00$/)
    expect(minorDigits('isk')).toBe(2)
    expect(minorDigits('ugx')).toBe(2)
  })

  test('currencies with thousandths have three decimals', () => {
    expect(formatMoney(5120, 'kwd')).toMatch(/5\.120$/)
  })

  test('zero decimals are dropped only on request', () => {
    expect(formatMoney(1800, 'usd', { short: true })).toBe('$18')
    expect(formatMoney(833, 'usd', { short: true })).toBe('$8.33')
  })

  test('negative money has a minus sign, not brackets', () => {
    expect(formatMoney(-453, 'usd')).toBe(`${MINUS}$4.53`)
    expect(formatMoney(453, 'usd', { signed: true })).toBe('+$4.53')
  })
})

describe('dates', () => {
  const noon = new Date('2026-05-06T12:00:00Z')

  test('dates are shown in the reader’s time zone', () => {
    expect(formatDate(new Date('2026-05-03T22:30:00Z'), 'Europe/Berlin')).toBe('4 May 2026')
    expect(formatDate(new Date('2026-05-03T22:30:00Z'), 'UTC')).toBe('3 May 2026')
    expect(formatDate(new Date('2026-05-03T22:30:00Z'), 'America/New_York')).toBe('3 May 2026')
  })

  test('a time is never shown without its zone', () => {
    expect(formatDateTime(noon, 'Europe/Berlin')).toBe('6 May, 14:00 CEST')
    expect(formatDateTime(noon, 'America/New_York')).toBe('6 May, 08:00 EDT')
    expect(formatDateTime(noon, 'UTC')).toBe('6 May, 12:00 UTC')
    expect(formatDateTime(noon, 'Asia/Tokyo')).toBe('6 May, 21:00 GMT+9')
    expect(formatDateTime(noon, 'America/Sao_Paulo')).toBe(`6 May, 09:00 GMT${MINUS}3`)
  })

  test('midnight is shown as 00:00', () => {
    expect(formatDateTime(new Date('2026-05-06T00:05:00Z'), 'UTC')).toBe('6 May, 00:05 UTC')
  })

  test('times follow daylight saving time', () => {
    expect(formatDateTime(new Date('2026-10-25T00:30:00Z'), 'Europe/Berlin')).toBe('25 Oct, 02:30 CEST')
    expect(formatDateTime(new Date('2026-10-25T01:30:00Z'), 'Europe/Berlin')).toBe('25 Oct, 02:30 CET')
  })

  test('a distant date has its year', () => {
    expect(formatDay(new Date('2026-06-01T00:00:00Z'), 'UTC', noon)).toBe('1 Jun')
    expect(formatDay(new Date('2027-06-01T00:00:00Z'), 'UTC', noon)).toBe('1 Jun 2027')
    expect(formatDay(new Date('2025-05-01T00:00:00Z'), 'UTC', noon)).toBe('1 May 2025')
  })

  test('a day heading has its weekday', () => {
    expect(formatWeekday(new Date('2026-04-21T10:00:00Z'), 'UTC')).toBe('Tue 21 Apr')
  })
})

test('isTimeZone accepts real zones and refuses invented ones', () => {
  expect(isTimeZone('Europe/Berlin')).toBe(true)
  expect(isTimeZone('Mars/Olympus')).toBe(false)
  expect(isTimeZone('')).toBe(false)
})
