import { describe, expect, test } from 'vitest'
import { countFilters, neighbours, parseUsageQuery, toEntryFilter, usageHref } from '#app/usage/filters.ts'

const parse = (search: string) => parseUsageQuery(new URLSearchParams(search))

describe('the address of the usage page', () => {
  test('filters are read back as they were written', () => {
    const href = '/usage?kind=spent&action=qr-code&from=2026-05-01&to=2026-05-31&days=90&before=120&trail=new.170'

    expect(usageHref(parse(href.split('?')[1] ?? ''))).toBe(href)
  })

  test('invalid values are left out', () => {
    expect(usageHref(parse('kind=$ne&from=yesterday&to=2026-02-30&days=31&before=1e3&action[$ne]=x'))).toBe('/usage')
  })

  test('the filters are counted without the chart’s period', () => {
    expect(countFilters(parse('kind=spent&days=90&before=3'))).toBe(1)
  })
})

describe('toEntryFilter', () => {
  test('both days are included whole, in the reader’s zone', () => {
    expect(toEntryFilter(parse('from=2026-05-01&to=2026-05-01'), 'America/New_York')).toMatchObject({
      from: new Date('2026-05-01T04:00:00Z'),
      to: new Date('2026-05-02T04:00:00Z'),
    })
  })

  test('entries that move nothing are left out when no kind is chosen', () => {
    expect(toEntryFilter(parse(''), 'UTC').kinds).not.toContain('hold')
    expect(toEntryFilter(parse('kind=reserved'), 'UTC').kinds).toEqual(['hold', 'release'])
  })
})

describe('the links to other pages', () => {
  test('the links lead to the older page and all the way back', () => {
    const first = parse('kind=spent')
    const second = parse(neighbours(first, 120).older?.split('?')[1] ?? '')
    const third = parse(neighbours(second, 70).older?.split('?')[1] ?? '')

    expect(third).toMatchObject({ before: 70, trail: [null, 120] })
    expect(neighbours(third, null)).toEqual({ older: null, newer: usageHref(second) })
    expect(neighbours(second, 70).newer).toBe(usageHref(first))
    expect(neighbours(first, null)).toEqual({ older: null, newer: null })
  })

  test('an address without a trail links to the newest page', () => {
    expect(neighbours(parse('before=50'), null).newer).toBe('/usage')
  })

  test('the trail has a maximum length', () => {
    let query = parse('')
    for (let page = 100; page > 0; page--) query = parse(neighbours(query, page).older?.split('?')[1] ?? '')

    expect(query.trail).toHaveLength(30)
  })
})
