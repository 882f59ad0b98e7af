import type { QRCodeSegment } from 'qrcode'

/*
 * How a text becomes the fewest bits of a QR code, and whether they fit. The time is proportional to the text, so a check is
 * free; drawing the code takes a hundred times as long.
 */

export type Level = 'L' | 'M' | 'Q' | 'H'

type Mode = 'numeric' | 'alphanumeric' | 'byte'
const MODES: Mode[] = ['numeric', 'alphanumeric', 'byte']

/** Bits at the start of a segment: its mode and its length, as in the largest codes. */
const HEADER_BITS: Record<Mode, number> = { numeric: 4 + 14, alphanumeric: 4 + 13, byte: 4 + 16 }

/** Data bits of the largest code. */
const CAPACITY_BITS: Record<Level, number> = { L: 23_648, M: 18_672, Q: 13_328, H: 10_208 }

/** Digits at the lowest level: nothing longer fits any code. */
const CHARACTERS_MAX = 7089

/** Costs are whole numbers in sixths of a bit: a digit takes ten thirds, two alphanumeric characters take eleven bits. */
const SIXTHS = 6

/** Whether a text without lone surrogates fits into a QR code. */
export function fitsQrCode(text: string, level: Level): boolean {
  return text.length <= CHARACTERS_MAX && split(text).bits <= CAPACITY_BITS[level]
}

/** Splits a text, not empty and without lone surrogates, into the segments with the fewest bits. */
export function qrSegments(text: string): QRCodeSegment[] {
  return split(text).runs.map(({ mode, data }) =>
    mode === 'byte' ? { mode, data: new TextEncoder().encode(data) } : { mode, data },
  )
}

interface Run {
  mode: Mode
  data: string
}

/** Finds the shortest path through the text: after each character, the lowest cost of being in each mode. */
function split(text: string): { runs: Run[]; bits: number } {
  const characters = [...text]
  const costs = MODES.map((mode) => HEADER_BITS[mode] * SIXTHS)
  /** For each character, the mode it is written in by the cheapest way to each mode. */
  const writtenIn: number[][] = []
  for (const character of characters) {
    const ended = MODES.map((mode, index) => costs[index]! + sixthsOf(character, mode))

    const least = Math.min(...ended)
    const from = ended.indexOf(least)
    const choice = MODES.map((to, index) => {
      const switched = wholeBits(least) + HEADER_BITS[to] * SIXTHS
      const stays = ended[index]! <= switched
      costs[index] = stays ? ended[index]! : switched
      return stays ? index : from
    })
    writtenIn.push(choice)
  }
  const least = Math.min(...costs)
  let mode = costs.indexOf(least)
  const modes = new Array<number>(characters.length)
  for (let index = characters.length - 1; index >= 0; index--) modes[index] = mode = writtenIn[index]![mode]!
  return { runs: runsOf(characters, modes), bits: wholeBits(least) / SIXTHS }
}

function runsOf(characters: string[], modes: number[]): Run[] {
  const runs: Run[] = []
  characters.forEach((character, index) => {
    const mode = MODES[modes[index]!]!
    const last = runs.at(-1)
    if (last?.mode === mode) last.data += character
    else runs.push({ mode, data: character })
  })
  return runs
}

function sixthsOf(character: string, mode: Mode): number {
  if (mode === 'numeric') return /[0-9]/.test(character) ? 20 : Infinity
  if (mode === 'alphanumeric') return /[0-9A-Z $%*+\-./:]/.test(character) ? 33 : Infinity
  return Buffer.byteLength(character) * 8 * SIXTHS
}

const wholeBits = (sixths: number): number => Math.ceil(sixths / SIXTHS) * SIXTHS
