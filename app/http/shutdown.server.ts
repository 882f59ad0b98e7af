import type { Server } from 'node:http'
import { config } from '../config.server.ts'
import { disconnectDatabase } from '../database.server.ts'
import { logger } from '../log.server.ts'
import { markStopping } from './readiness.server.ts'
import type { Service } from './services.server.ts'
import { withinTime } from '../within-time.ts'

/** A connection that was just accepted is about to send its request: closing it would be an error for the client. */
const LAST_COMERS_MS = 200
const FINISH_MS = 20_000
const SERVICE_MS = 5_000

/**
 * Stops a process without failing a request: it becomes unready, waits for load balancers to notice, takes no new
 * connections, finishes its requests, stops its services, and disconnects the database last.
 */
export async function closeEverything(server: Server, services: Service[]): Promise<void> {
  markStopping()
  await new Promise((resolve) => setTimeout(resolve, config().drainSeconds * 1_000 + LAST_COMERS_MS))
  await finishRequests(server)
  for (const { name, stop } of [...services].reverse()) {
    await withinTime(stop(), SERVICE_MS).catch((error: unknown) => logger.error({ err: error }, `${name} did not stop`))
  }
  await disconnectDatabase()
}

/** Ends the process in order on SIGTERM, SIGINT and an unhandled error; a second signal ends it at once. */
export function closeOnSignals(close: () => Promise<void>): void {
  let isClosing = false
  const end = (exitCode: number) => {
    if (isClosing) process.exit(exitCode || 130)
    isClosing = true
    close().then(
      () => process.exit(exitCode),
      (error: unknown) => {
        logger.error({ err: error }, 'The process could not stop in order')
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', () => end(0))
  process.on('SIGINT', () => end(0))
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, 'An unhandled error: the process finishes its requests and ends')
      end(1)
    })
  }
}

async function finishRequests(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  // A connection that becomes idle would keep the server open until its keep-alive ends.
  const sweep = setInterval(() => server.closeIdleConnections(), 100)
  await withinTime(closed, FINISH_MS).catch(() => {
    logger.warn('Some requests did not finish in time')
    server.closeAllConnections()
  })
  clearInterval(sweep)
}
