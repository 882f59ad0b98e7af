import { promisify } from 'node:util'
import { crc32, deflate } from 'node:zlib'
import type { BitMatrix } from 'qrcode'

/*
 * Draws a code that is already encoded. The encoder's own drawings encode the text again, and its PNG blocks the process for
 * a third of a second; this one has one bit per pixel and is compressed in another thread.
 */

const inThread = promisify(deflate)

interface Drawing {
  /** Light modules around the code. */
  margin: number
}

/** Draws a code as a black-and-white PNG; `size` is its width and height in pixels. */
export async function drawPng(modules: BitMatrix, { margin, size }: Drawing & { size: number }): Promise<Uint8Array> {
  const total = modules.size + 2 * margin
  const bytesPerRow = 1 + Math.ceil(size / 8)
  const pixels = Buffer.alloc(size * bytesPerRow)
  const moduleAt = Array.from({ length: size }, (_, pixel) => Math.floor(((pixel + 0.5) * total) / size) - margin)
  for (let y = 0; y < size; y++) {
    const row = y * bytesPerRow
    // Most rows of pixels show the same row of modules as the one above.
    if (y > 0 && moduleAt[y] === moduleAt[y - 1]) {
      pixels.copyWithin(row, row - bytesPerRow, row)
      continue
    }
    for (let x = 0; x < size; x++) {
      if (!isDark(modules, moduleAt[x]!, moduleAt[y]!)) pixels[row + 1 + (x >> 3)]! |= 0x80 >> (x & 7)
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(size, 0)
  header.writeUInt32BE(size, 4)
  // One bit per pixel, grayscale; the other bytes are zero.
  header[8] = 1
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', await inThread(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** Draws a code as an SVG, which scales to any size. */
export function drawSvg(modules: BitMatrix, { margin }: Drawing): Uint8Array {
  const total = modules.size + 2 * margin
  let path = ''
  for (let y = 0; y < modules.size; y++) {
    for (let x = 0; x < modules.size; x++) {
      if (!isDark(modules, x, y)) continue
      const start = x
      while (isDark(modules, x + 1, y)) x++
      path += `M${start + margin} ${y + margin}h${x + 1 - start}v1H${start + margin}z`
    }
  }
  return new TextEncoder().encode(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${total}" shape-rendering="crispEdges">` +
      `<path fill="#fff" d="M0 0h${total}v${total}H0z"/><path d="${path}"/></svg>\n`,
  )
}

const isDark = (modules: BitMatrix, x: number, y: number): boolean =>
  x >= 0 && y >= 0 && x < modules.size && y < modules.size && modules.get(y, x) === 1

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(4 + body.length + 4)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), 4 + body.length)
  return framed
}
