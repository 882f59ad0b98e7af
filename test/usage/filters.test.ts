import { describe, expect, test } from 'vitest'
import { countFilters, neighbours, parseUsageQuery, toEntryFilter, usageHref } from '#app/usage/filters.ts'

const parse = (search: string) => parseUsageQuery(new URLSearchParams(search))

describe('the usage page’s address', () => {
  test('is read back as it was written', () => {
    const href = '/usage?kind=spent&action=qr-code&from=2026-05-01&to=2026-05-31&days=90&before=120&trail=new.170'

    expect(usageHref(parse(href.split('?')[1] ?? ''))).toBe(href)
  })

  test('leaves out what makes no sense', () => {
    expect(usageHref(parse('kind=$ne&from=yesterday&to=2026-02-30&days=31&before=1e3&action[$ne]=x'))).toBe('/usage')
  })

  test('counts the filters, and the period of the chart is none', () => {
    expect(countFilters(parse('kind=spent&days=90&before=3'))).toBe(1)
  })
})

describe('toEntryFilter', () => {
  test('takes both days whole, in the reader’s zone', () => {
    expect(toEntryFilter(parse('from=2026-05-01&to=2026-05-01'), 'America/New_York')).toMatchObject({
      from: new Date('2026-05-01T04:00:00Z'),
      to: new Date('2026-05-02T04:00:00Z'),
    })
  })

  test('without a kind leaves out what moves nothing', () => {
    expect(toEntryFilter(parse(''), 'UTC').kinds).not.toContain('hold')
    expect(toEntryFilter(parse('kind=reserved'), 'UTC').kinds).toEqual(['hold', 'release'])
  })
})

describe('neighbours', () => {
  test('lead to the older page and the whole way back', () => {
    const first = parse('kind=spent')
    const second = parse(neighbours(first, 120).older?.split('?')[1] ?? '')
    const third = parse(neighbours(second, 70).older?.split('?')[1] ?? '')

    expect(third).toMatchObject({ before: 70, trail: [null, 120] })
    expect(neighbours(third, null)).toEqual({ older: null, newer: usageHref(second) })
    expect(neighbours(second, 70).newer).toBe(usageHref(first))
    expect(neighbours(first, null)).toEqual({ older: null, newer: null })
  })

  test('of an address without a trail lead back to the newest page', () => {
    expect(neighbours(parse('before=50'), null).newer).toBe('/usage')
  })

  test('do not let the trail grow without end', () => {
    let query = parse('')
    for (let page = 100; page > 0; page--) query = parse(neighbours(query, page).older?.split('?')[1] ?? '')

    expect(query.trail).toHaveLength(30)
  })
})
