import { config } from '../config.server.ts'
import { error, type Finding, ok, warning } from './finding.ts'

const ANSWER_MS = 5_000

/** Whether the app answers at the address that its mails and Stripe use. */
export async function checkAddress(): Promise<Finding[]> {
  const { appUrl, isLocal } = config()
  const status = await statusOf(`${appUrl}/healthz`)
  if (status === 200) return [ok(`The app answers at ${appUrl}.`)]
  const what = status ? `${appUrl}/healthz answers ${status}.` : `Nothing answers at ${appUrl}.`
  const finding = {
    why: 'Links in mails lead there, customers return there from Stripe, and Stripe sends its webhooks there.',
    mend: 'Start the app, or set APP_URL to its public address.',
  }
  return [isLocal ? warning(what, finding) : error(what, finding)]
}

async function statusOf(url: string): Promise<number | null> {
  const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS) }).catch(() => null)
  return answer?.status ?? null
}
