import { setNow } from '#app/clock.server.ts'
import { connectDatabase } from '#app/database.server.ts'
import { deliverDue } from '#app/notifications/deliver.server.ts'

/*
 * A process to be killed after the mail server has its mail; SMTP_URL and MONGODB_URI come from the environment.
 */
const [at] = process.argv.slice(2)
if (!at) throw new Error('usage: kill-worker.ts <what time it is>')
setNow(() => new Date(at))
await connectDatabase()
await deliverDue()
process.exit(0)
