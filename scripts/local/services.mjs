/** Starts the processes beside the database: the Stripe sandbox, the app, and the script that fills the database. */
import path from 'node:path'
import { brand } from '../../app/brand.mjs'
import { startChild } from './child.mjs'
import { inProject } from './project.mjs'

/**
 * @param {{ port: number, environment: Record<string, string>, appUrl: string, logFolder?: string, startsBehind?: number, onLine?: (line: string) => void }} options
 *   `startsBehind`: seconds by which a new sandbox's clock is behind the machine's, to create a history in the past
 */
export async function startSandbox({ port, environment, appUrl, logFolder, startsBehind = 0, onLine }) {
  const child = await startChild({
    name: 'The Stripe sandbox',
    args: ['--import', 'tsx', inProject('sandbox/stripe/main.ts')],
    env: {
      ...process.env,
      ...environment,
      SANDBOX_PORT: String(port),
      APP_URL: appUrl,
      SANDBOX_STARTS_BEHIND: String(startsBehind),
      SANDBOX_ACCOUNT_NAME: brand.name,
      // The app accepts any secret of a list, for rotations; the sandbox signs with the newest.
      STRIPE_WEBHOOK_SECRET: environment.STRIPE_WEBHOOK_SECRET.split(',')[0].trim(),
    },
    ready: /Stripe sandbox ready at (http:\/\/\S+)/,
    logFile: logFolder && path.join(logFolder, 'sandbox.log'),
    onLine,
  })
  return { ...child, url: child.answer }
}

/**
 * @param {{ environment: Record<string, string>, dev?: boolean, logFolder?: string, onLine?: (line: string) => void }} options
 */
export async function startApp({ environment, dev = false, logFolder, onLine }) {
  const child = await startChild({
    name: 'The app',
    args: [inProject(dev ? 'scripts/local/dev-server.mjs' : 'scripts/serve.mjs')],
    env: { ...process.env, ...environment },
    ready: / ready at (http:\/\/\S+)/,
    logFile: logFolder && path.join(logFolder, 'app.log'),
    onLine,
  })
  return { ...child, url: child.answer }
}

/**
 * Creates missing indexes, products, prices and the demo user, with the app's own code. It runs from the
 * sources, so on a fresh clone it does not wait for the build.
 * @param {{ environment: Record<string, string>, demoPassword: string }} options
 * @returns {Promise<string>} what it did, as a message
 */
export async function prepareDatabase({ environment, demoPassword }) {
  const child = await startChild({
    name: 'Preparing the database',
    args: ['--import', 'tsx', inProject('scripts/local/prepare.ts')],
    env: { ...process.env, ...environment, DEMO_PASSWORD: demoPassword, LOG_LEVEL: 'warn' },
    ready: /^Prepared: (.*)$/,
  })
  await child.exited
  return child.answer
}
