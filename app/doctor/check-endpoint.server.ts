import {
  appTag,
  callStripe,
  DEFAULT_TAG,
  listAll,
  signatureOf,
  STRIPE_API_VERSION,
} from '../billing/stripe/client.server.ts'
import { eventTable } from '../billing/webhooks/event-table.ts'
import { config } from '../config.server.ts'
import { error, type Finding, ok, warning } from './finding.ts'

const NEEDED = Object.keys(eventTable)
const PATH = '/api/webhook'
const ANSWER_MS = 5_000

interface Endpoint {
  id: string
  url: string
  status: string
  enabled_events: string[]
  api_version: string | null
}

/** Whether Stripe sends this installation every event it needs, and whether the app accepts the signature. */
export async function checkEndpoint(): Promise<Finding[]> {
  const all: Endpoint[] = await listAll((stripe) => stripe.webhookEndpoints.list({ limit: 100 }))
  const url = `${config().appUrl}${PATH}`
  const ours = all.filter((endpoint) => isSameAddress(endpoint.url, url))
  return [
    ...(ours.length === 0 ? [noEndpoint(url)] : ours.flatMap(checkOne)),
    ...(ours.filter(({ status }) => status === 'enabled').length > 1 ? [several(ours)] : []),
    ...neighbours(all.filter((endpoint) => !ours.includes(endpoint))),
    ...(await secret(url)),
  ]
}

/** A local address can be written in several ways. */
const isSameAddress = (one: string, other: string): boolean =>
  one.replace('//127.0.0.1:', '//localhost:') === other.replace('//127.0.0.1:', '//localhost:')

const ONLY_RECONCILE = 'Only the hourly reconcile notices payments.'

function noEndpoint(url: string): Finding {
  const what = `Stripe has no webhook endpoint for ${url}.`
  if (config().isLocal) {
    const mend = `Forward events while you develop: stripe listen --forward-to ${url}`
    return warning(what, { why: ONLY_RECONCILE, mend })
  }
  return error(what, {
    why: ONLY_RECONCILE,
    mend: `Create one at Stripe with this address, the version ${STRIPE_API_VERSION} and the events that docs/billing.md lists. Put its secret into STRIPE_WEBHOOK_SECRET.`,
    fix: async () => {
      const { id, secret: made } = await callStripe((stripe) =>
        stripe.webhookEndpoints.create({
          url,
          enabled_events: NEEDED as 'invoice.paid'[],
          api_version: STRIPE_API_VERSION,
        }),
      )
      return `Created the endpoint ${id}. Set STRIPE_WEBHOOK_SECRET=${made} and restart the app: Stripe does not show it again.`
    },
  })
}

function checkOne({ id, status, enabled_events: events, api_version: version }: Endpoint): Finding[] {
  const findings: Finding[] = []
  if (status !== 'enabled') {
    findings.push(
      error(`The endpoint ${id} is disabled.`, {
        why: ONLY_RECONCILE,
        mend: 'Enable it in the dashboard; "npm run reconcile" finds what was missed.',
        fix: async () => {
          await callStripe((stripe) => stripe.webhookEndpoints.update(id, { disabled: false }))
          return `Enabled the endpoint ${id}.`
        },
      }),
    )
  }
  const missing = events.includes('*') ? [] : NEEDED.filter((type) => !events.includes(type))
  if (missing.length > 0) {
    findings.push(
      error(`The endpoint ${id} does not send ${missing.join(', ')}.`, {
        why: 'Only the hourly reconcile notices what they report, if at all.',
        mend: 'Add these events to the endpoint.',
        fix: async () => {
          const enabled_events = [...events, ...missing] as 'invoice.paid'[]
          await callStripe((stripe) => stripe.webhookEndpoints.update(id, { enabled_events }))
          return `Added ${missing.length} events to the endpoint ${id}.`
        },
      }),
    )
  }
  if (version !== null && version !== STRIPE_API_VERSION) {
    findings.push(
      warning(`The endpoint ${id} sends events of the version ${version}; this app reads ${STRIPE_API_VERSION}.`, {
        why: 'Objects are read in the right version, but of deleted objects there is only the event.',
        mend: `Replace it with an endpoint of the version ${STRIPE_API_VERSION}.`,
      }),
    )
  }
  return findings.length > 0 ? findings : [ok(`The endpoint ${id} is enabled and sends every event that is needed.`)]
}

const several = (endpoints: Endpoint[]): Finding =>
  warning(`${endpoints.length} endpoints have the same address: ${endpoints.map(({ id }) => id).join(', ')}.`, {
    why: 'Every event arrives several times. Nothing is granted twice, but each copy costs time.',
    mend: 'Keep the one whose secret is in STRIPE_WEBHOOK_SECRET, and delete the others.',
  })

/** An endpoint with our path on another host is probably another installation of this app. */
function neighbours(others: Endpoint[]): Finding[] {
  const likely = others.filter(({ url }) => URL.canParse(url) && new URL(url).pathname === PATH)
  if (likely.length === 0 || appTag() !== DEFAULT_TAG) return []
  return [
    warning(`This Stripe account also sends events to ${likely.map(({ url }) => url).join(', ')}.`, {
      why: `If that is another installation with the tag “${DEFAULT_TAG}”, each takes the other's customers for its own.`,
      mend: `Give each its own tag with SCRIP_INSTALLATION, before the first sale; after it, as in SCRIP_INSTALLATION=shop,${DEFAULT_TAG}.`,
    }),
  ]
}

/** Sends a signed body that is not an event: the app refuses a wrong signature and a wrong body differently. */
async function secret(url: string): Promise<Finding[]> {
  const body = '{"object":"signature_check"}'
  const headers = { 'Content-Type': 'application/json', 'Stripe-Signature': signatureOf(body) }
  const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_MS) }).catch(
    () => null,
  )
  // The area "Address" reports this.
  if (!answer) return []
  const said = await answer.text()
  if (/"invalid_request"/.test(said)) {
    return [ok('The app accepts the signature of the first STRIPE_WEBHOOK_SECRET.')]
  }
  if (!/"invalid_signature"/.test(said)) {
    return [
      error(`${url} answers ${answer.status}, and not as this app does.`, {
        why: 'Something else has that address, or refuses webhooks before they reach the app.',
        mend: 'Set APP_URL to the app itself, and let its proxy pass requests to /api/webhook on.',
      }),
    ]
  }
  return [
    error('The app refuses the signature of the first STRIPE_WEBHOOK_SECRET of this environment.', {
      why: 'The running app has another secret, or its clock is wrong by more than five minutes.',
      mend: 'Give the app and this command the same environment, and restart the app.',
    }),
  ]
}
