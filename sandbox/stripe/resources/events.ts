import { invalidRequest } from '../core/errors.ts'
import { listens, queue } from '../core/events.ts'
import { newId, randomText } from '../core/ids.ts'
import { find } from '../core/lookup.ts'
import { endpoint, listEndpoint, retrieveEndpoint } from '../http/endpoint.ts'
import { emptyable, flag, list, mergeMetadata, metadata, range, required, text } from '../http/params.ts'

export const events = [
  retrieveEndpoint('GET /v1/events/:id', 'events'),
  endpoint(
    'POST /v1/events/:id/retry',
    { webhook_endpoint: text, account: text, for_stripecli: flag },
    ({ world, id, params }) => {
      const event = find(world.tables.events, id)
      const endpoints = params.webhook_endpoint
        ? [find(world.tables.webhookEndpoints, params.webhook_endpoint, 'webhook_endpoint')]
        : world.tables.webhookEndpoints.filter((row) => listens(row.enabled_events, event.type))
      for (const { id: target } of endpoints) queue(world, id, target)
      return event
    },
  ),
  listEndpoint(
    'GET /v1/events',
    'events',
    { created: range, delivery_success: flag, type: text, types: list(text) },
    {
      by: {
        type: (row, type) => listens([type], row.type),
        types: (row, types) => types.includes(row.type),
        delivery_success: (row, wanted) => (row.pending_webhooks === 0) === wanted,
      },
    },
  ),
]

const fields = { description: emptyable(text), enabled_events: list(text), metadata, url: text, disabled: flag }

export const webhookEndpoints = [
  endpoint(
    'POST /v1/webhook_endpoints',
    { ...fields, url: required(text), enabled_events: required(list(text)), api_version: text, connect: flag },
    ({ world, params }) => {
      if (!/^https?:\/\//.test(params.url))
        throw invalidRequest('Invalid URL: An explicit scheme (such as https) must be provided.', 'url', 'url_invalid')
      const row = world.tables.webhookEndpoints.insert({
        id: newId('we'),
        object: 'webhook_endpoint',
        api_version: params.api_version ?? null,
        application: null,
        created: world.clock.now(),
        description: params.description ?? null,
        enabled_events: params.enabled_events,
        livemode: false,
        metadata: params.metadata ?? {},
        status: 'enabled',
        url: params.url,
      })
      const { secret } = world.tables.endpointSecrets.insert({ id: row.id, secret: `whsec_${randomText(32)}` })
      // Only this response ever contains the secret.
      return { ...row, secret }
    },
  ),
  retrieveEndpoint('GET /v1/webhook_endpoints/:id', 'webhookEndpoints'),
  endpoint('POST /v1/webhook_endpoints/:id', fields, ({ world, id, params }) => {
    const before = find(world.tables.webhookEndpoints, id)
    const { metadata: pairs, disabled, ...plain } = params
    return world.tables.webhookEndpoints.update(id, {
      ...plain,
      ...(disabled !== undefined && { status: disabled ? 'disabled' : 'enabled' }),
      metadata: mergeMetadata(before.metadata, pairs),
    })
  }),
  endpoint('DELETE /v1/webhook_endpoints/:id', {}, ({ world, id }) => {
    find(world.tables.webhookEndpoints, id)
    world.tables.webhookEndpoints.remove(id)
    world.tables.endpointSecrets.remove(id)
    return { id, object: 'webhook_endpoint', deleted: true }
  }),
  listEndpoint('GET /v1/webhook_endpoints', 'webhookEndpoints', {}),
]
