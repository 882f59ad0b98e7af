import type { Reply } from '../http/reply.ts'
import { html } from '../html/html.ts'
import { page } from '../html/layout.ts'
import { objectPanel, tree } from './objects.ts'
import { clockBar, faultPanel, health } from './panels.ts'
import type { Sandbox } from './sandbox.ts'
import { timeline } from './timeline.ts'
import type { View } from './view.ts'

/** The control page: deliveries, clock, events, objects and faults. */
export function controlPage(sandbox: Sandbox, url: URL): Reply {
  const get = (name: string) => url.searchParams.get(name) || null
  const view: View = {
    customer: get('customer'),
    object: get('object'),
    type: get('type'),
    before: get('before'),
    notice: get('notice'),
  }
  return page(
    {
      title: 'Control',
      width: 'full',
      script: 'control.js',
      back: sandbox.shopUrl ? { url: sandbox.shopUrl, label: `Open ${sandbox.world.accountName}` } : null,
    },
    html`<h1 class="sr-only">Stripe sandbox</h1>
      <p class="notice" role="status" id="status">${view.notice}</p>
      <div id="health" data-waiting="${sandbox.webhooks.waiting().length}">${health(sandbox)}</div>
      ${clockBar(sandbox, view)}
      <nav class="tabs" aria-label="Parts of this page">
        <a href="#events">Events</a> <a href="#objects">Objects</a> <a href="#faults">Faults</a>
      </nav>
      <div class="panels" id="faults">${faultPanel(sandbox, view)}</div>
      <div class="regions">
        <section id="objects" aria-labelledby="objects-title">${tree(sandbox, view)}</section>
        <section id="events" aria-labelledby="events-title">${timeline(sandbox, view)}</section>
        <section id="object" aria-labelledby="object-title">${objectPanel(sandbox, view)}</section>
      </div>`,
  )
}
