import { connectDatabase } from '#app/database.server.ts'
import { jobScheduler } from '#app/jobs/scheduler.server.ts'

/*
 * A process to be killed in the middle of a job: it reports that the job has started, and the job never ends.
 */
const [uri, name, lockMs] = process.argv.slice(2)
if (!uri || !name) throw new Error('usage: job-worker.ts <uri> <name of the job> <milliseconds of its lock>')
await connectDatabase(uri)
const run = () => {
  process.stdout.write('begun\n')
  return new Promise<string>(() => {})
}
await jobScheduler([{ name, every: '1 second', run }], { lockMs: Number(lockMs) }).start()
