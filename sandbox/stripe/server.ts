import type { AddressInfo } from 'node:net'
import { WebhookSender } from './webhooks/sender.ts'
import { Faults } from './core/faults.ts'
import { Journal } from './core/journal.ts'
import { Timekeeper } from './time/timekeeper.ts'
import { World } from './core/world.ts'
import { Sandbox } from './control/sandbox.ts'
import { Api } from './api/api.ts'
import { createListener } from './listener.ts'
import { pagesOf } from './routes.ts'

export interface StripeSandboxOptions {
  /** 0 (any free port) by default. */
  port?: number
  /** The business name on pages and invoices. */
  accountName?: string
  /** Where the state is stored; without it the state is in memory only. */
  dataFolder?: string
  /** The webhook endpoint to deliver to. The secret may be a comma-separated list. */
  endpoint?: { url: string; secret: string; apiVersion?: string; events?: string[] }
  /** Seconds by which a new state's clock is behind the machine's, until it is moved. */
  startsBehind?: number
  /** Seconds after each failed delivery until the next attempt. */
  retryDelays?: number[]
  /** Milliseconds in which an endpoint has to answer. */
  deliveryTimeout?: number
}

/** A running sandbox: its address, and everything `Sandbox` can do. */
export interface StripeSandbox extends Sandbox {
  url: string
  port: number
  close(): Promise<void>
}

/** Starts the Stripe sandbox on this machine. It listens on 127.0.0.1 only and refuses to run in production. */
export async function startStripeSandbox(options: StripeSandboxOptions = {}): Promise<StripeSandbox> {
  if (process.env.NODE_ENV === 'production') throw new Error('The Stripe sandbox never starts in production.')
  const journal = options.dataFolder ? new Journal(options.dataFolder) : undefined
  const world = new World({ journal, accountName: options.accountName, startsBehind: options.startsBehind })
  const faults = new Faults()
  const api = new Api(world)
  const webhooks = new WebhookSender(world, faults, {
    retryDelays: options.retryDelays,
    timeout: options.deliveryTimeout,
  })
  const timekeeper = new Timekeeper(world, () => webhooks.wake())
  const sandbox = new Sandbox(world, api, webhooks, timekeeper, faults)
  const server = createListener(api, faults, pagesOf(sandbox))

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  }).catch((error: unknown) => {
    journal?.close()
    throw error
  })
  const { port } = server.address() as AddressInfo
  world.baseUrl = `http://127.0.0.1:${port}`
  if (options.endpoint) sandbox.addEndpoint(options.endpoint)
  webhooks.resume()
  timekeeper.start()

  const close = async () => {
    timekeeper.close()
    webhooks.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    world.close()
  }
  return Object.assign(sandbox, { url: world.baseUrl, port, close })
}
