/** `npm start`, and with --dev `npm run dev`: everything that runs on one machine, with one command. */
import { requireNode } from './local/node-version.mjs'

requireNode()
const { start } = await import('./local/start.mjs')
await start({ dev: process.argv.includes('--dev') })
