import mongoose from 'mongoose'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { durableMessages, withoutMajority } from '#sandbox/mongod/write-concern.mjs'

const { BSON } = mongoose.mongo

/** An OP_MSG as a driver sends it: a sequence of documents may come before or after the command. */
function message(command: object, { sequence, first = false }: { sequence?: object[]; first?: boolean } = {}): Buffer {
  const body = Buffer.concat([Buffer.from([0]), BSON.serialize(command)])
  const documents = Buffer.concat([Buffer.from('documents\0'), ...(sequence ?? []).map((one) => BSON.serialize(one))])
  const size = Buffer.alloc(4)
  size.writeInt32LE(documents.length + 4)
  const sections = sequence ? [body, Buffer.concat([Buffer.from([1]), size, documents])] : [body]
  const payload = Buffer.concat(first ? sections.reverse() : sections)
  const header = Buffer.alloc(20)
  header.writeInt32LE(20 + payload.length, 0)
  header.writeInt32LE(7, 4)
  header.writeInt32LE(2013, 12)
  return Buffer.concat([header, payload])
}

const EVERY_TYPE = {
  insert: 'rows',
  ordered: true,
  a: 1.5,
  b: { nested: [1, 'two'] },
  c: Buffer.from('bytes'),
  d: new mongoose.Types.ObjectId(),
  e: new Date(0),
  f: null,
  g: BSON.Long.fromNumber(2 ** 40),
  h: BSON.Decimal128.fromString('1.5'),
  i: new BSON.Timestamp({ t: 1, i: 2 }),
}

test.each([
  ['a command alone', {}],
  ['documents after the command', { sequence: [{ _id: 1 }, { _id: 2 }] }],
  ['documents before the command', { sequence: [{ _id: 1 }], first: true }],
])('a majority of one node becomes that node, and nothing else changes: %s', (_name, layout) => {
  const concern = { w: 'majority', j: true, wtimeout: 5_000 }
  const given = message({ ...EVERY_TYPE, writeConcern: concern, $db: 'test' }, layout)
  const wanted = message({ ...EVERY_TYPE, writeConcern: { ...concern, w: 1 }, $db: 'test' }, layout)
  expect(withoutMajority(given)).toEqual(wanted)
})

test.each([
  ['no write concern', { find: 'rows', filter: { writeConcern: { w: 'majority' } } }],
  ['another write concern', { insert: 'rows', writeConcern: { w: 1, j: true } }],
  ['an unknown BSON type before it', { find: 'rows', filter: /x/, odd: /y/, writeConcern: { w: 'majority' } }],
])('a message that needs no change is passed on unchanged: %s', (_name, command) => {
  const given = message(command)
  expect(withoutMajority(given)).toBe(given)
})

test('messages are passed on whole, however they were split', async () => {
  const messages = [
    message({ ping: 1 }),
    message({ insert: 'rows', writeConcern: { w: 'majority' } }),
    message({ a: 1 }),
  ]
  const stream = durableMessages()
  const received: Buffer[] = []
  stream.on('data', (chunk: Buffer) => received.push(chunk))
  const bytes = Buffer.concat(messages)
  for (let at = 0; at < bytes.length; at += 3) stream.write(bytes.subarray(at, at + 3))
  stream.end()
  await once(stream, 'end')
  expect(received).toEqual(messages.map(withoutMajority))
})

test('bytes that are no wire message end the connection', async () => {
  const stream = durableMessages()
  const failed = once(stream, 'error')
  stream.write(Buffer.from('GET / HTTP/1.1\r\n\r\n').fill(0, 0, 4))
  expect((await failed)[0]).toBeInstanceOf(Error)
})
