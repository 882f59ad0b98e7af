import { appTag } from '../billing/stripe/client.server.ts'
import { config } from '../config.server.ts'
import { error, type Finding, ok, warning } from './finding.ts'

/** What the environment says. That it is valid is checked at the start of the app. */
export function checkSettings(): Promise<Finding[]> {
  const { mode, installations } = config()
  const others = installations.slice(1)
  return Promise.resolve([
    ok(mode === 'production' ? 'Production mode.' : 'Local mode.'),
    ok(
      `The tag of this installation at Stripe is “${appTag()}”${others.length > 0 ? `; it also knows “${others.join('”, “')}”` : ''}.`,
    ),
    proxies(),
  ])
}

/** The app serves plain HTTP, so an https address means that there is a proxy. */
function proxies(): Finding {
  const { appUrl, trustedProxies, isLocal } = config()
  const isBehindProxy = appUrl.startsWith('https:')
  if (trustedProxies === 0 && isBehindProxy) {
    return (isLocal ? warning : error)(`TRUST_PROXY is 0, and ${appUrl} is reached through a proxy.`, {
      why: 'All customers count as one address and share its limits: after the first sign-ups of an hour, others are refused.',
      mend: 'Set TRUST_PROXY to the number of proxies in front of the app, usually 1.',
    })
  }
  return ok(
    trustedProxies === 0
      ? 'TRUST_PROXY is 0: there is no proxy in front of the app.'
      : `TRUST_PROXY is ${trustedProxies}: the number of proxies in front of the app.`,
  )
}
