/** `npm run sandbox`: the local MongoDB and the Stripe sandbox, without the app. */
import { requireNode } from './local/node-version.mjs'

requireNode()
const { startSandboxAlone } = await import('./local/sandbox.mjs')
await startSandboxAlone()
