/**
 * The embedded engine acknowledges `{ w: 'majority', j: true }` before the journal is on disk: killed under load it lost
 * acknowledged writes in four of ten runs, and in none of eighty with `{ w: 1, j: true }`. With one node a majority is that
 * node, so the two mean the same, and the first is passed on as the second. A real mongod does not need this.
 */
import { Transform } from 'node:stream'

const HEADER_BYTES = 16
const OP_MSG = 2013
const CHECKSUM_PRESENT = 1
const BODY_SECTION = 0

const STRING = 0x02
const DOCUMENT = 0x03
const INT32_ONE = Buffer.from([0x10, 0x77, 0x00, 1, 0, 0, 0]) // w: 1

/** The length of a BSON value by its type, if it is fixed; other values carry their length. */
const FIXED_SIZES = { 0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0a: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16 }

/** A stream that passes on whole wire messages, changed as the engine needs them. */
export function durableMessages() {
  let chunks = []
  let size = 0
  return new Transform({
    transform(chunk, _encoding, done) {
      chunks.push(chunk)
      size += chunk.length
      for (;;) {
        if (size < 4) break
        if (chunks[0].length < 4) chunks = [Buffer.concat(chunks)]
        const length = chunks[0].readInt32LE(0)
        if (length < HEADER_BYTES) return done(new Error(`a wire message of ${length} bytes`))
        if (size < length) break
        const all = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
        this.push(withoutMajority(all.subarray(0, length)))
        chunks = [all.subarray(length)]
        size -= length
      }
      done()
    },
  })
}

/**
 * @param {Buffer} message
 * @returns {Buffer} the message, with `w: 1` in place of `w: 'majority'` in its write concern
 */
export function withoutMajority(message) {
  if (message.readInt32LE(12) !== OP_MSG || message.readUInt32LE(HEADER_BYTES) & CHECKSUM_PRESENT) return message
  const body = bodyOf(message)
  const concern = body !== null && find(message, body, 'writeConcern')
  if (!concern || concern.type !== DOCUMENT) return message
  const w = find(message, concern.value, 'w')
  if (w?.type !== STRING || message.toString('latin1', w.value + 4, w.end - 1) !== 'majority') return message

  const rewritten = Buffer.concat([message.subarray(0, w.start), INT32_ONE, message.subarray(w.end)])
  for (const lengthAt of [0, body, concern.value]) {
    rewritten.writeInt32LE(message.readInt32LE(lengthAt) - message.length + rewritten.length, lengthAt)
  }
  return rewritten
}

/** The start of the command's document; a message may have sequences of documents as well. */
function bodyOf(message) {
  for (let offset = HEADER_BYTES + 4; offset < message.length;) {
    if (message[offset] === BODY_SECTION) return offset + 1
    offset += 1 + message.readInt32LE(offset + 1)
  }
  return null
}

/** Finds an element of a document, at its top level only. */
function find(message, document, name) {
  const end = document + message.readInt32LE(document) - 1
  for (let start = document + 4; start < end;) {
    const type = message[start]
    const nameEnd = message.indexOf(0, start + 1)
    const value = nameEnd + 1
    const size = sizeOf(message, type, value)
    // After an unknown type the rest cannot be read and stays unchanged.
    if (size === null) return null
    if (message.toString('utf8', start + 1, nameEnd) === name) return { type, start, value, end: value + size }
    start = value + size
  }
  return null
}

function sizeOf(message, type, value) {
  if (type in FIXED_SIZES) return FIXED_SIZES[type]
  const length = message.readInt32LE(value)
  if (type === STRING || type === 0x0d || type === 0x0e) return 4 + length
  if (type === DOCUMENT || type === 0x04) return length
  if (type === 0x05) return 5 + length
  return null
}
