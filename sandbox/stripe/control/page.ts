import type { Reply } from '../http/listener.ts'
import { html } from '../pages/html.ts'
import { page, redirect, time } from '../pages/layout.ts'
import type { Sandbox } from './sandbox.ts'

/** The control page: what happened, whether it arrived, and what time it is. */
export function controlPage(sandbox: Sandbox, _url: URL): Reply {
  const events = [...sandbox.world.tables.events.newestFirst()].slice(0, 100)
  return page(
    { title: 'Events', width: 'wide' },
    html`<h1>Events</h1>
      <p>${time(sandbox.now())}</p>
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Event</th>
            <th scope="col">Object</th>
            <th scope="col">Delivery</th>
            <th scope="col"><span class="sr-only">Actions</span></th>
          </tr>
        </thead>
        <tbody>
          ${events.map(
            (event) =>
              html`<tr>
                <td>${time(event.created)}</td>
                <td class="mono">${event.type}</td>
                <td class="mono">${event.data.object.id}</td>
                <td>${event.pending_webhooks === 0 ? 'Delivered' : 'Waiting'}</td>
                <td>
                  <form method="post">
                    <button class="small outline" name="resend" value="${event.id}">Send again</button>
                  </form>
                </td>
              </tr>`,
          )}
        </tbody>
      </table>`,
  )
}

export async function controlAction(sandbox: Sandbox, form: URLSearchParams): Promise<Reply> {
  const event = form.get('resend')
  if (event) await sandbox.deliver(event)
  return redirect('/')
}
