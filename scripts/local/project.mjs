import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** @param {...string} parts */
export const inProject = (...parts) => path.join(ROOT, ...parts)

/** An error whose message says everything, so it is printed without a stack. */
export class Refusal extends Error {
  name = 'Refusal'
}
