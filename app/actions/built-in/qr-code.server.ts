import QRCode from 'qrcode'
import { z } from 'zod'
import { defineAction } from '../registry.ts'
import { drawPng, drawSvg } from './qr-drawing.server.ts'
import { fitsQrCode, type Level, qrSegments } from './qr-segments.server.ts'

const LEVELS: Record<Level, { label: string; bytes: number }> = {
  L: { label: 'Low: 7% recoverable', bytes: 2953 },
  M: { label: 'Medium: 15% recoverable', bytes: 2331 },
  Q: { label: 'High: 25% recoverable', bytes: 1663 },
  H: { label: 'Highest: 30% recoverable', bytes: 1273 },
}

const SIZE = { min: 256, max: 1024 }
const MARGIN = { min: 0, max: 10 }

const grouped = new Intl.NumberFormat('en')

const wholeNumber = (what: string, { min, max }: { min: number; max: number }, fallback: number) =>
  z
    .union([z.number(), z.string()])
    .default(fallback)
    .transform((value) => (value === '' ? fallback : Number(value)))
    .refine((value) => Number.isInteger(value) && value >= min && value <= max, {
      message: `${what} must be a whole number from ${min} to ${max}.`,
    })

const input = z
  .object({
    text: z
      .string({ error: 'Enter a text or a web address.' })
      .refine((text) => text.trim() !== '', { message: 'Enter a text or a web address.' }),
    level: z
      .enum(Object.keys(LEVELS) as [Level, ...Level[]], { error: 'Choose an error correction level.' })
      .default('M'),
    margin: wholeNumber('The margin', MARGIN, 4),
    size: wholeNumber('The size', SIZE, 512),
  })
  .superRefine(({ text, level }, context) => {
    const message = whyItDoesNotFit(text, level)
    if (message) context.addIssue({ code: 'custom', path: ['text'], message })
  })

/** Checks a text without encoding it: the check costs no credits, so it must not cost work either. */
function whyItDoesNotFit(text: string, level: Level): string | null {
  // An empty text has its own rule.
  if (text.trim() === '') return null
  if (hasLoneSurrogate(text)) return 'The text has a broken character. Type it again.'
  if (fitsQrCode(text, level)) return null
  const bytes = new TextEncoder().encode(text).length
  const most = LEVELS[level].bytes
  const lower = level === 'L' ? '' : ' or choose a lower error correction'
  return `This text is too long for a QR code: it has ${grouped.format(bytes)} bytes, and about ${grouped.format(most)} fit. Shorten it${lower}.`
}

function hasLoneSurrogate(text: string): boolean {
  try {
    encodeURIComponent(text)
    return false
  } catch {
    return true
  }
}

/** Draws a text or a web address as a QR code. */
export const qrCode = defineAction({
  id: 'qr-code',
  title: 'QR code',
  summary: 'Turns a text or a web address into a QR code.',
  unit: { one: 'code', many: 'codes', credits: 1 },
  limit: 'qrCodes',
  extras: ['svgExport'],
  input,
  fields: [
    {
      name: 'text',
      label: 'Text or web address',
      kind: 'textarea',
      hint: 'Up to 2,953 bytes; fewer with more error correction.',
    },
    {
      name: 'level',
      label: 'Error correction',
      kind: 'select',
      hint: 'Higher levels scan even if the code is damaged.',
      options: Object.entries(LEVELS).map(([value, { label }]) => ({ value, label })),
      defaultValue: 'M',
    },
    {
      name: 'size',
      label: 'PNG size (pixels)',
      kind: 'number',
      hint: `From ${SIZE.min} to ${SIZE.max}. SVG scales to any size.`,
      defaultValue: '512',
    },
    {
      name: 'margin',
      label: 'Quiet zone (modules)',
      kind: 'number',
      hint: `From ${MARGIN.min} to ${MARGIN.max}. 4 recommended.`,
      defaultValue: '4',
    },
  ],
  async run({ text, level, margin, size }, { plan }) {
    // Once for both files: encoding blocks the process.
    const { version, modules } = QRCode.create(qrSegments(text), { errorCorrectionLevel: level })
    const png = await drawPng(modules, { margin, size })
    const files = [{ name: 'qr-code.png', contentType: 'image/png', label: 'PNG', body: png }]
    if (plan.features.svgExport) {
      files.push({
        name: 'qr-code.svg',
        contentType: 'image/svg+xml',
        label: 'SVG',
        body: drawSvg(modules, { margin }),
      })
    }
    return {
      facts: {
        Holds: text,
        Code: `Version ${version}, ${modules.size} × ${modules.size} dots, error correction ${level}`,
        PNG: `${size} × ${size} pixels`,
      },
      files,
    }
  },
})
