import { appTag } from '../billing/stripe/client.server.ts'
import { config } from '../config.server.ts'
import { error, type Finding, ok, warning } from './finding.ts'

/** What the environment says. Whether it can be read at all is checked where the app starts. */
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

/** The app itself speaks plain HTTP, so behind an https address there is a proxy. */
function proxies(): Finding {
  const { appUrl, trustedProxies, isLocal } = config()
  const isBehindProxy = appUrl.startsWith('https:')
  if (trustedProxies === 0 && isBehindProxy) {
    return (isLocal ? warning : error)(`TRUST_PROXY is 0, and ${appUrl} is reached through a proxy.`, {
      why: 'All customers count as one address, and share its limits: after the first sign-ups of an hour the next are refused.',
      mend: 'Set TRUST_PROXY to the number of proxies in front of the app, mostly 1.',
    })
  }
  return ok(
    trustedProxies === 0
      ? 'TRUST_PROXY is 0: nothing stands in front of the app.'
      : `TRUST_PROXY is ${trustedProxies}: that many proxies stand in front of the app.`,
  )
}
