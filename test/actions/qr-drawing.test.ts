import fc from 'fast-check'
import QRCode from 'qrcode'
import { inflateSync } from 'node:zlib'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { qrCode } from '#app/actions/built-in/qr-code.server.ts'
import { fitsQrCode, qrSegments } from '#app/actions/built-in/qr-segments.server.ts'
import { plans } from '#app/billing/plans.ts'

afterEach(() => vi.restoreAllMocks())

const plan = plans.find(({ features }) => features.svgExport)!

/** Whether each pixel of a black-and-white PNG is dark, row by row. */
function pixelsOf(png: Uint8Array): { width: number; isDark: (x: number, y: number) => boolean } {
  const bytes = Buffer.from(png)
  const width = bytes.readUInt32BE(16)
  const start = bytes.indexOf('IDAT')
  const rows = inflateSync(bytes.subarray(start + 4, start + 4 + bytes.readUInt32BE(start - 4)))
  const perRow = 1 + Math.ceil(width / 8)
  return { width, isDark: (x, y) => ((rows[y * perRow + 1 + (x >> 3)]! >> (7 - (x & 7))) & 1) === 0 }
}

describe('the work that a QR code costs the process', () => {
  test('a check encodes nothing, and a run encodes once for both files', async () => {
    const encode = vi.spyOn(QRCode, 'create')

    const fitting = qrCode.prepare({ text: 'aB1é'.repeat(500), level: 'L' })
    expect(() => qrCode.prepare({ text: 'x'.repeat(2954), level: 'L' })).toThrow('too long')
    expect(encode).not.toHaveBeenCalled()

    const { files } = await fitting.run({ plan, signal: AbortSignal.timeout(5_000), report: () => {} })
    expect(files).toHaveLength(2)
    expect(encode).toHaveBeenCalledTimes(1)
  })
})

describe('the segments of a text', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('1', '2', 'A', '-', 'a', 'é', '🎉'), minLength: 1, maxLength: 300 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }),
  )

  /** Bits of a segment's header in the largest codes. */
  const HEADER: Record<string, number> = { Numeric: 18, Alphanumeric: 17, Byte: 20 }
  const bitsOf = (data: Parameters<typeof QRCode.create>[0]): number =>
    QRCode.create(data, { errorCorrectionLevel: 'L', version: 40, maskPattern: 0 }).segments.reduce(
      (sum, segment) => sum + segment.getBitsLength() + HEADER[segment.mode.id]!,
      0,
    )

  test('the segments spell the text in no more bits than the encoder’s own, slower search', () => {
    fc.assert(
      fc.property(text, (sample) => {
        const segments = qrSegments(sample)
        const spelled = segments.map(({ data }) =>
          typeof data === 'string' ? data : Buffer.from(data as Uint8Array).toString(),
        )
        expect(spelled.join('')).toBe(sample)
        expect(bitsOf(segments)).toBeLessThanOrEqual(bitsOf(sample))
      }),
      { numRuns: 40 },
    )
  })

  test('segments of the maximum length are encoded, and one character more is not', () => {
    for (const level of ['L', 'H'] as const) {
      let sample = 'aB1 ABCDEFGHIJ 0123456789 '.repeat(level === 'L' ? 80 : 30)
      while (fitsQrCode(sample + 'x', level)) sample += 'x'
      expect(QRCode.create(qrSegments(sample), { errorCorrectionLevel: level }).version).toBe(40)
      expect(() => QRCode.create(qrSegments(`${sample}x`), { errorCorrectionLevel: level })).toThrow('too big')
    }
  })
})

describe('the drawings', () => {
  test('each drawing shows every module and the quiet zone', async () => {
    const text = 'https://example.com/print'
    const { modules } = QRCode.create(text, { errorCorrectionLevel: 'Q' })
    const input = { text, level: 'Q', size: 487, margin: 3 }
    const { files } = await qrCode.prepare(input).run({ plan, signal: AbortSignal.timeout(5_000), report: () => {} })

    const total = modules.size + 2 * input.margin
    const { width, isDark } = pixelsOf(files[0]!.body)
    expect(width).toBe(input.size)
    const drawn = (svg: string) => new Set([...svg.matchAll(/M(\d+) (\d+)h(\d+)v1H/g)].flatMap(cellsOf))
    const inSvg = drawn(new TextDecoder().decode(files[1]!.body))
    for (let y = 0; y < total; y++) {
      for (let x = 0; x < total; x++) {
        const [column, row] = [x - input.margin, y - input.margin]
        const isInside = Math.min(column, row) >= 0 && Math.max(column, row) < modules.size
        const expected = isInside && modules.get(row, column) === 1
        const middle = (index: number) => Math.floor(((index + 0.5) * input.size) / total)
        expect(isDark(middle(x), middle(y)), `PNG ${x} ${y}`).toBe(expected)
        expect(inSvg.has(`${x} ${y}`), `SVG ${x} ${y}`).toBe(expected)
      }
    }
  })
})

const cellsOf = ([, x, y, length]: RegExpMatchArray): string[] =>
  Array.from({ length: Number(length) }, (_, index) => `${Number(x) + index} ${Number(y)}`)
