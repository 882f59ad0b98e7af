import { describe, expect, test } from 'vitest'
import { qrCode } from '#app/actions/built-in/qr-code.server.ts'
import { InvalidActionInput } from '#app/actions/errors.ts'
import { findPlan } from '#app/billing/plans.ts'

function draw(input: unknown, planName = 'Beginner') {
  const plan = findPlan(planName)
  if (!plan) throw new Error(`no plan ${planName}`)
  return qrCode.prepare(input).run({ plan, signal: AbortSignal.timeout(5_000), report: () => {} })
}

function problemsOf(input: unknown): Record<string, string> {
  try {
    qrCode.prepare(input)
    return {}
  } catch (error) {
    if (!(error instanceof InvalidActionInput)) throw error
    expect(new Set(error.problems.map(({ field }) => field)).size).toBe(error.problems.length)
    return Object.fromEntries(error.problems.map(({ field, message }) => [field, message]))
  }
}

describe('the QR code action', () => {
  test('a run creates a PNG of the requested size and an SVG', async () => {
    const { files, facts } = await draw({ text: 'https://example.com', size: '300', margin: '2', level: 'Q' })

    const [png, svg] = files
    expect(files.map(({ name, contentType }) => [name, contentType])).toEqual([
      ['qr-code.png', 'image/png'],
      ['qr-code.svg', 'image/svg+xml'],
    ])
    const bytes = Buffer.from(png?.body ?? [])
    expect(bytes.subarray(1, 4).toString()).toBe('PNG')
    expect(bytes.readUInt32BE(16)).toBe(300)
    expect(new TextDecoder().decode(svg?.body)).toMatch(/^<svg [^>]*viewBox="0 0 29 29"/)
    expect(facts).toMatchObject({ Holds: 'https://example.com', PNG: '300 × 300 pixels' })
  })

  test('a plan without SVG export gets a PNG alone', async () => {
    const { files } = await draw({ text: 'https://example.com' }, 'Free')
    expect(files.map(({ name }) => name)).toEqual(['qr-code.png'])
  })

  test('every QR code costs one credit', () => {
    expect(qrCode.prepare({ text: 'x' })).toMatchObject({ units: 1, credits: 1 })
    expect(qrCode.prepare({ text: 'x'.repeat(2000), size: 1024 })).toMatchObject({ units: 1, credits: 1 })
  })

  test('an empty field takes its default', () => {
    expect(qrCode.prepare({ text: 'x', size: '', margin: '' }).input).toEqual({
      text: 'x',
      level: 'M',
      size: 512,
      margin: 4,
    })
  })

  test.each([
    ['L', 2953],
    ['M', 2331],
    ['Q', 1663],
    ['H', 1273],
  ])('a code at level %s holds exactly %i bytes', (level, bytes) => {
    expect(problemsOf({ text: 'ä'.repeat((bytes - 1) / 2) + 'x', level })).toEqual({})
    expect(problemsOf({ text: 'ä'.repeat((bytes - 1) / 2) + 'xx', level })).toHaveProperty('text')
  })

  test('a code holds at most 7,089 digits', () => {
    expect(problemsOf({ text: '7'.repeat(7089), level: 'L' })).toEqual({})
    expect(problemsOf({ text: '7'.repeat(7090), level: 'L' })).toHaveProperty('text')
  })

  test('an error says how far a text is over the limit and what helps', () => {
    expect(problemsOf({ text: 'x'.repeat(3000), level: 'H' })).toEqual({
      text: 'This text is too long for a QR code: it has 3,000 bytes, and about 1,273 fit. Shorten it or choose a lower error correction.',
    })
    expect(problemsOf({ text: 'x'.repeat(3000), level: 'L' })['text']).toMatch(/Shorten it\.$/)
  })

  test('a missing text is reported as missing, not as too long', () => {
    expect(problemsOf({ text: ' ' })).toEqual({ text: 'Enter a text or a web address.' })
  })

  test('a text of 60,000 characters gets an answer', () => {
    expect(problemsOf({ text: 'aA1'.repeat(20_000) })).toHaveProperty('text')
  })

  test.each([
    [{}, 'text'],
    [{ text: '' }, 'text'],
    [{ text: ' \n ' }, 'text'],
    [{ text: 7 }, 'text'],
    [{ text: 'broken \ud800' }, 'text'],
    [{ text: 'x', level: 'X' }, 'level'],
    [{ text: 'x', level: { $ne: 'L' } }, 'level'],
    [{ text: 'x', size: '255' }, 'size'],
    [{ text: 'x', size: '1025' }, 'size'],
    [{ text: 'x', size: '300.5' }, 'size'],
    [{ text: 'x', size: '1e9' }, 'size'],
    [{ text: 'x', margin: '-1' }, 'margin'],
    [{ text: 'x', margin: '11' }, 'margin'],
    [{ text: 'x', margin: 'wide' }, 'margin'],
  ])('%j is refused with the name of the field', (input, field) => {
    expect(Object.keys(problemsOf(input))).toEqual([field])
  })
})
