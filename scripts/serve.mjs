/** `npm run serve`: one app process of the built app, from the environment and nothing else. */
import { requireNode } from './local/node-version.mjs'

requireNode()
const { serve } = await import('./local/serve.mjs')
await serve()
