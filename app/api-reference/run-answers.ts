import { z } from 'zod'
import { time } from './answers.ts'

const listed = {
  id: z.string(),
  action: z.string(),
  status: z.enum(['running', 'done', 'failed']),
  quoted: z.int().describe('The most that it could cost, as said before it began.'),
  held: z.int().describe('What was set aside for it.'),
  charged: z.int().nullable().describe('What it cost; `null` while it is running.'),
  returned: z.int().nullable().describe('What was released; `null` while it is running.'),
  receipt: z.string().describe('What it cost, in a sentence for a person.'),
  failure: z.string().nullable().describe('Why it failed, in a sentence for a person.'),
  facts: z.record(z.string(), z.string()).describe('What it found out, once it is done.'),
  note: z.string().nullable().describe('What to know about the result, in a sentence for a person.'),
  createdAt: time,
  finishedAt: time.nullable(),
}

const file = z.strictObject({
  name: z.string(),
  label: z.string(),
  contentType: z.string(),
  url: z.string().describe('Where to download it, with the same key.'),
})

export const runAnswer = z.strictObject({
  run: z.strictObject({
    ...listed,
    text: z.string().nullable().optional().describe('The text that it has written so far, for actions that write one.'),
    files: z.array(file).describe('What it made, once it is done.'),
  }),
})

export const runsAnswer = z.strictObject({
  runs: z.array(z.strictObject(listed)).describe('The newest first.'),
  nextBefore: z.string().nullable().describe('Send it as before to get the next page; `null` at the end.'),
})
