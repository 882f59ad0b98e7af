import { config } from '../config.server.ts'
import { checkAddress } from './check-address.server.ts'
import { checkDatabase } from './check-database.server.ts'
import { checkEndpoint } from './check-endpoint.server.ts'
import { checkMail } from './check-mail.server.ts'
import { checkPrices } from './check-prices.server.ts'
import { checkSettings } from './check-settings.server.ts'
import { checkStripe } from './check-stripe.server.ts'
import { checkWork } from './check-work.server.ts'
import { error, type Examined, type Finding } from './finding.ts'

type Check = () => Promise<Finding[]>

/**
 * Checks everything that an installation needs, one part after the other, and changes nothing. A part that cannot be checked
 * is a finding, and the others are still checked.
 */
export async function examine(): Promise<Examined[]> {
  const stripe = await look('Stripe', checkStripe)
  return [
    await look('Settings', checkSettings),
    await look('Address', checkAddress),
    await look('Database', checkDatabase),
    stripe,
    // If Stripe does not answer, these cannot be checked.
    ...(stripe.isKnown ? [await look('Prices', checkPrices), await look('Webhooks', checkEndpoint)] : []),
    await look('Mail', checkMail),
    await look('Work', checkWork),
  ]
}

async function look(area: string, check: Check): Promise<Examined & { isKnown: boolean }> {
  try {
    return { area, findings: await check(), isKnown: true }
  } catch (failure) {
    return { area, findings: [couldNotLook(failure)], isKnown: false }
  }
}

function couldNotLook(failure: unknown): Finding {
  const { message, cause } = failure instanceof Error ? failure : new Error(String(failure))
  const reason = cause instanceof Error ? `${message} (${cause.message})` : message
  const mend = config().sandboxUrl ? 'Start the local installation with "npm start".' : 'Fix what it says.'
  return error(`This could not be checked: ${reason}`, { mend })
}
