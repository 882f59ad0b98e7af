import { describe, expect, test } from 'vitest'
import { addDays, dayIn, daysUpTo, parseDay, startOfDay, wallClock } from '#app/usage/days.ts'

const ZONES = [
  'UTC',
  'America/Los_Angeles',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'America/Santiago',
  'Asia/Beirut',
  'America/Havana',
  'Pacific/Kiritimati',
]

describe('startOfDay', () => {
  test.each(ZONES)('a day in %s starts at its first moment, all year round', (timeZone) => {
    for (const day of daysUpTo('2026-12-31', 365)) {
      const start = startOfDay(day, timeZone)

      expect(dayIn(start, timeZone)).toBe(day)
      expect(dayIn(new Date(start.getTime() - 1), timeZone)).toBe(addDays(day, -1))
    }
  })

  test('a day whose midnight is skipped starts after the gap', () => {
    expect(startOfDay('2026-09-06', 'America/Santiago').toISOString()).toBe('2026-09-06T04:00:00.000Z')
  })

  test('a day with two midnights starts at the first', () => {
    expect(startOfDay('2026-11-01', 'America/Havana').toISOString()).toBe('2026-11-01T04:00:00.000Z')
  })
})

describe('wallClock', () => {
  test.each([
    ['UTC', '2026-05-01 22:05:09', 'UTC+00:00'],
    ['Europe/Berlin', '2026-05-02 00:05:09', 'UTC+02:00'],
    ['America/St_Johns', '2026-05-01 19:35:09', 'UTC-02:30'],
    ['Asia/Kathmandu', '2026-05-02 03:50:09', 'UTC+05:45'],
  ])('the time in %s is shown as its clocks show it, with the offset from UTC', (timeZone, time, offset) => {
    expect(wallClock(new Date('2026-05-01T22:05:09.600Z'), timeZone)).toEqual({ time, offset })
  })
})

describe('days', () => {
  test('days continue over the end of February and of the year', () => {
    expect(daysUpTo('2028-03-01', 3)).toEqual(['2028-02-28', '2028-02-29', '2028-03-01'])
    expect(addDays('2026-01-01', -1)).toBe('2025-12-31')
  })

  test('a day from outside must exist', () => {
    expect(parseDay('2026-05-01')).toBe('2026-05-01')
    for (const wrong of ['2026-02-30', '2026-5-1', '2026-13-01', 'today', '', '2026-05-01T00:00:00Z', '0000-00-00']) {
      expect(parseDay(wrong)).toBeNull()
    }
  })
})
