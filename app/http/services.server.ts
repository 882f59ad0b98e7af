import { keepPace } from '../jobs/keep-pace.server.ts'
import { jobScheduler } from '../jobs/scheduler.server.ts'
import { localClock } from '../sandbox-clock.server.ts'
import { finishDeliveries } from '../notifications/mail.server.ts'

/** Something that runs beside the requests for as long as the process does. */
export interface Service {
  name: string
  start?: () => Promise<void>
  /** Called when no request is under way any more and the database still is there. */
  stop: () => Promise<void>
}

/** Started in this order, stopped in the other. */
export const services: Service[] = [
  localClock({ keepPace: () => keepPace() }),
  { name: 'mail', stop: finishDeliveries },
  jobScheduler(),
]
