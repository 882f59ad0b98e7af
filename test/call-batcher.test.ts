import { expect, test } from 'vitest'
import { CallBatcher } from '#app/call-batcher.ts'

/** A batcher whose batches end when the test lets them. */
function aBatcher(size = 100) {
  const batches: { keys: number[]; end: (values: (string | Error)[]) => void; fail: (error: Error) => void }[] = []
  const batcher = new CallBatcher<number, string>(
    (keys) => new Promise((end, fail) => batches.push({ keys, end, fail })),
    size,
  )
  return { batcher, batches, turn: () => new Promise((resolve) => setImmediate(resolve)) }
}

const answers = (keys: number[]) => keys.map((key) => `answer ${key}`)

test('calls made while batches are under way wait and then go together', async () => {
  const { batcher, batches, turn } = aBatcher()
  const first = batcher.call(1)
  await turn()
  const second = batcher.call(2)
  await turn()
  const waiting = [batcher.call(3), batcher.call(4), batcher.call(5)]
  await turn()
  expect(batches.map(({ keys }) => keys)).toEqual([[1], [2]])

  batches[0]!.end(answers([1]))
  await turn()
  expect(batches.map(({ keys }) => keys)).toEqual([[1], [2], [3, 4, 5]])

  batches[1]!.end(answers([2]))
  batches[2]!.end(answers([3, 4, 5]))
  expect(await Promise.all([first, second, ...waiting])).toEqual(answers([1, 2, 3, 4, 5]))
})

test('a read is never answered by a batch that started before the read was requested', async () => {
  const { batcher, batches, turn } = aBatcher()
  void batcher.call(7)
  await turn()

  const later = batcher.call(7)
  await turn()
  batches[0]!.end(['before'])
  batches[1]!.end(['after'])

  expect(await later).toBe('after')
})

test('a batch is no larger than its maximum', async () => {
  const { batcher, batches, turn } = aBatcher(2)
  const calls = [1, 2, 3].map((key) => batcher.call(key))
  await turn()
  for (const { keys, end } of batches) end(answers(keys))
  await turn()
  for (const { keys, end } of batches) end(answers(keys))

  expect(await Promise.all(calls)).toEqual(answers([1, 2, 3]))
  expect(Math.max(...batches.map(({ keys }) => keys.length))).toBeLessThanOrEqual(2)
})

test('an error of one call is its own, and a failed batch fails the calls in it and no later ones', async () => {
  const { batcher, batches, turn } = aBatcher()
  const both = [batcher.call(1), batcher.call(2)]
  await turn()
  batches[0]!.end(['answer 1', new Error('only 2')])
  expect(await both[0]).toBe('answer 1')
  await expect(both[1]).rejects.toThrow('only 2')

  const failed = [batcher.call(3), batcher.call(4)]
  const settled = Promise.allSettled(failed)
  await turn()
  batches[1]!.fail(new Error('away'))
  expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected'])

  const next = batcher.call(5)
  await turn()
  batches[2]!.end(answers([5]))
  expect(await next).toBe('answer 5')
})
