import { getRequestListener } from '@hono/node-server'
import { createRequestHandler, type ServerBuild } from '@remix-run/node'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { brand } from '../brand.mjs'
import { config } from '../config.server.ts'
import { connectDatabase } from '../database.server.ts'
import { isLoopback } from '../environment-problems.server.ts'
import { logger } from '../log.server.ts'
import { apiBuild } from './api-build.ts'
import { createApp } from './app.server.ts'
import { prepareDatabase } from './prepare-database.server.ts'
import { markRunning } from './readiness.server.ts'
import type { RemixHandler } from './remix-request.server.ts'
import { carryHeaders } from './route-headers.ts'
import { services } from './services.server.ts'
import { closeEverything, closeOnSignals } from './shutdown.server.ts'
import { serveStatic } from './static-files.server.ts'

/** The parts of Vite's development server that are used here. */
interface DevServer {
  middlewares: (incoming: IncomingMessage, outgoing: ServerResponse, next: () => void) => void
  ssrLoadModule: (id: string) => Promise<Record<string, unknown>>
  close: () => Promise<void>
}

interface ServerOptions {
  /** In development: it serves files, and each request runs the current code. */
  vite?: DevServer
  /** Off in tests, whose process is not the server's own. */
  handleSignals?: boolean
}

interface RunningServer {
  /** Its address, without a slash at the end. */
  url: string
  close: () => Promise<void>
}

const REQUEST_MS = 30_000
/** Longer than the idle time of a load balancer, so that it never uses a connection that is being closed. */
const KEEP_ALIVE_MS = 65_000

/**
 * Starts one app process: the database connection, the HTTP server around Remix, and the services beside it. It prints its
 * ready line when it can take requests.
 */
export async function startServer(
  build: ServerBuild,
  { vite, handleSignals = true }: ServerOptions = {},
): Promise<RunningServer> {
  await connectDatabase()
  await prepareDatabase()
  const server = createHttpServer(build, vite)
  const url = await listen(server)
  warnOfOpenPort()
  for (const service of services) await service.start?.()
  markRunning()

  const close = () =>
    closeEverything(server, vite ? [...services, { name: 'vite', stop: () => vite.close() }] : services)
  if (handleSignals) closeOnSignals(close)
  process.stdout.write(`${brand.name} ready at ${url}\n`)
  return { url, close }
}

function createHttpServer(build: ServerBuild, vite: DevServer | undefined): Server {
  const loadBuild = async () =>
    carryHeaders(vite ? ((await vite.ssrLoadModule('virtual:remix/server-build')) as unknown as ServerBuild) : build)
  const app = createApp({
    handle: vite ? createRequestHandler(loadBuild, 'development') : productionHandler(carryHeaders(build)),
    loadBuild,
    findFile: vite ? () => Promise.resolve(null) : serveStatic(path.resolve(build.assetsBuildDirectory)),
    isDevServer: vite !== undefined,
  })
  const answer = getRequestListener(app.fetch, {
    // The address of a request comes from our settings, so a malformed Host header does not matter.
    hostname: 'scrip.invalid',
    overrideGlobalObjects: false,
    errorHandler: (error) => {
      logger.debug({ err: error }, 'A malformed request was refused')
      return new Response('Bad Request', { status: 400, headers: { Connection: 'close' } })
    },
  })
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void answer(incoming, outgoing)
  return createServer(
    { requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    vite ? (incoming, outgoing) => vite.middlewares(incoming, outgoing, () => listener(incoming, outgoing)) : listener,
  )
}

function productionHandler(build: ServerBuild): RemixHandler {
  const answerPage = createRequestHandler(build, 'production')
  const answerApi = createRequestHandler(apiBuild(build), 'production')
  return (request, context) =>
    new URL(request.url).pathname.startsWith('/api/') ? answerApi(request, context) : answerPage(request, context)
}

/** Local mode shows every mail at /mailbox, for the user of the machine. */
function warnOfOpenPort(): void {
  const { isLocal, host } = config()
  if (!isLocal || host === null || isLoopback(host) || host === '::1') return
  logger.warn('Local mode listens beyond this machine: anyone who reaches its port can read every mail')
}

async function listen(server: Server): Promise<string> {
  const { host, port } = config()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: host ?? undefined }, resolve)
  })
  const { port: actualPort } = server.address() as AddressInfo
  return `http://${host === null || host === '127.0.0.1' ? 'localhost' : host}:${actualPort}`
}
