import { finishRuns } from '../actions/run-progress.server.ts'
import { keepPace } from '../jobs/keep-pace.server.ts'
import { jobScheduler } from '../jobs/scheduler.server.ts'
import { localClock } from '../sandbox-clock.server.ts'
import { finishDeliveries } from '../notifications/mail.server.ts'

/** Something that runs beside the requests, as long as the process. */
export interface Service {
  name: string
  start?: () => Promise<void>
  /** Called after the last request, while the database is still connected. */
  stop: () => Promise<void>
}

/** Started in this order, stopped in reverse. */
export const services: Service[] = [
  localClock({ keepPace: () => keepPace() }),
  { name: 'mail', stop: finishDeliveries },
  { name: 'runs', stop: finishRuns },
  jobScheduler(),
]
