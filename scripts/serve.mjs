/** `npm run serve`: one process of the built app, with its settings from the environment. */
import { requireNode } from './local/node-version.mjs'

requireNode()
const { serve } = await import('./local/serve.mjs')
await serve()
