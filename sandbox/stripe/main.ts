import { startStripeSandbox } from './server.ts'

/**
 * The sandbox as a process of its own: `tsx sandbox/stripe/main.ts`. It exits with its parent, so that a
 * start script that dies leaves nothing on the port.
 */
const {
  SANDBOX_PORT = '4242',
  SCRIP_DATA = '.scrip',
  APP_URL = 'http://localhost:3000',
  STRIPE_WEBHOOK_SECRET,
  STRIPE_WEBHOOK_API_VERSION,
  SANDBOX_STARTS_BEHIND,
  SANDBOX_ACCOUNT_NAME,
} = process.env

try {
  const sandbox = await startStripeSandbox({
    port: Number(SANDBOX_PORT),
    accountName: SANDBOX_ACCOUNT_NAME,
    dataFolder: SCRIP_DATA,
    startsBehind: Number(SANDBOX_STARTS_BEHIND ?? 0),
    ...(STRIPE_WEBHOOK_SECRET && {
      endpoint: {
        url: `${APP_URL.replace(/\/$/, '')}/api/webhook`,
        secret: STRIPE_WEBHOOK_SECRET,
        apiVersion: STRIPE_WEBHOOK_API_VERSION,
      },
    }),
  })
  console.log(`Stripe sandbox ready at ${sandbox.url}`)
  let closing = false
  const stop = () => {
    if (closing) return
    closing = true
    void sandbox.close().then(() => process.exit(0))
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  process.once('disconnect', stop)
  // Without a channel to the parent, a changed parent id shows that the parent has exited.
  const parent = process.ppid
  setInterval(() => process.ppid !== parent && stop(), 500).unref()
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  console.error(
    code === 'EADDRINUSE'
      ? `Port ${SANDBOX_PORT} is taken. Stop what uses it, or set SANDBOX_PORT to another one.`
      : message,
  )
  process.exit(1)
}
