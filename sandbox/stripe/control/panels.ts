import { html } from '../html/html.ts'
import type { Html } from '../html/html.ts'
import { time } from '../html/layout.ts'
import { actionButton } from './action-button.ts'
import { linkTo } from './view.ts'
import type { View } from './view.ts'
import type { Sandbox } from './sandbox.ts'

/** The sentence at the top: whether everything is delivered. */
export function health(sandbox: Sandbox): Html {
  const { world, faults } = sandbox
  const endpoints = world.tables.webhookEndpoints.filter(({ status }) => status === 'enabled')
  const waiting = sandbox.webhooks.waiting()
  const down = endpoints.filter((endpoint) =>
    waiting.some((row) => row.endpoint === endpoint.id && row.attempts.at(-1)?.status === null),
  )
  if (endpoints.length === 0)
    return banner(
      'due',
      html`No webhook endpoint exists, so events are not delivered. Start the sandbox with the app, or create an
      endpoint with the API.`,
    )
  if (faults.deliveries.hold)
    return banner('due', html`Deliveries are held. ${count(waiting.length, 'event')} waiting.`)
  if (down.length > 0)
    return banner(
      'debt',
      html`${down.map(({ url }) => `The app does not answer at ${new URL(url).origin}.`)}
      ${count(waiting.length, 'event')} waiting. ${actionButton(BARE, 'flush', '1', 'Try now')}`,
    )
  if (waiting.length > 0)
    return banner(
      'due',
      html`${count(waiting.length, 'event')} waiting to be delivered. ${actionButton(BARE, 'flush', '1', 'Deliver now')}`,
    )
  return banner('credit', html`Everything is delivered to ${endpoints.map(({ url }) => url).join(', ')}.`)
}

const BARE: View = { customer: null, object: null, type: null, before: null, notice: null }

function banner(kind: string, content: Html): Html {
  return html`<div class="health ${kind}">${content}</div>`
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? ' is' : 's are'}`
}

/** The clock, which stays in view during scrolling, because most experiments advance it. */
export function clockBar(sandbox: Sandbox, view: View): Html {
  const renewal = sandbox.nextPeriodEnd()
  const days = Math.round(sandbox.world.clock.offset / 86_400)
  return html`<section class="clock" aria-labelledby="clock-title">
    <h2 id="clock-title">${time(sandbox.now())}</h2>
    <p class="fine">
      ${days > 0 ? `${days} days ahead of this machine` : 'The same time as this machine'}; the app follows this clock.
      ${renewal !== null && html`Next renewal: ${time(renewal)}.`}
    </p>
    <div class="row">
      ${actionButton(view, 'advance', '1 day', 'Advance 1 day')}
      ${actionButton(view, 'advance', '1 month', 'Advance 1 month')}
      ${renewal !== null && actionButton(view, 'advance', 'renewal', 'To the next renewal', 'ink small')}
    </div>
  </section>`
}

export function faultPanel(sandbox: Sandbox, view: View): Html {
  const { deliveries, api, slow } = sandbox.faults
  const choice = (name: string, label: string, on: boolean) =>
    html`<label class="choice"
      ><input type="checkbox" name="${name}" value="1" ${on && html`checked`} /> <span>${label}</span></label
    >`
  const failing = api.reduce((all, fault) => all + (fault.times ?? 1), 0)
  return html`<section class="sheet" aria-labelledby="faults-title">
    <h2 id="faults-title">Faults</h2>
    <form method="post" action="/" class="stack">
      <input type="hidden" name="back" value="${linkTo(view, {})}" />
      <div class="faults">
        ${choice('twice', 'Deliver twice', deliveries.twice)}
        ${choice('late', 'Deliver a minute late', deliveries.late > 0)}
        ${choice('shuffled', 'Out of order', deliveries.shuffled)}
        ${choice('drop', 'Drop a third', deliveries.drop > 0)} ${choice('hold', 'Hold everything', deliveries.hold)}
        ${choice('slow', 'Answer slowly (2 s)', slow > 0)}
      </div>
      <div class="row">
        <button class="small outline" name="faults" value="set">Apply</button>
        <button class="small outline" name="faults" value="fail">Fail the next API call</button>
        <button class="small outline" name="faults" value="lose">Lose the next response</button>
        ${(failing > 0 || slow > 0) && html`<button class="quiet small" name="faults" value="reset">All off</button>`}
      </div>
      ${failing > 0 && html`<p class="fine">${count(failing, 'API call')} still to fail.</p>`}
    </form>
  </section>`
}
