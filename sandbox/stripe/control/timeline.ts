import type { Seconds } from '../core/clock.ts'
import { ownerOf } from '../core/events.ts'
import type { Event } from '../core/shapes.ts'
import type { DeliveryRow } from '../core/rows.ts'
import { html } from '../html/html.ts'
import type { Html } from '../html/html.ts'
import { linkTo } from './view.ts'
import type { View } from './view.ts'
import { actionButton } from './action-button.ts'
import type { Sandbox } from './sandbox.ts'

const PAGE = 60

/** The events with their deliveries, newest first, every second day shaded. */
export function timeline(sandbox: Sandbox, view: View): Html {
  const { events, more } = pageOf(sandbox, view)
  const deliveries = deliveriesOf(sandbox, events)
  const days = groupByDay(events)
  const newest = sandbox.world.tables.events.newestFirst().next().value as Event | undefined
  return html`<div class="split">
      <h2 id="events-title">
        Events${view.customer && html` <span class="fine">of ${view.customer} (<a href="${linkTo(view, { customer: null, before: null })}">show all</a>)</span>`}
      </h2>
      <label class="choice small"
        ><input type="checkbox" id="follow" hidden /> <span id="follow-label" hidden>Follow</span></label
      >
    </div>
    <p><a id="fresh" href="${linkTo(view, { before: null })}" data-newest="${newest?.id ?? ''}" hidden></a></p>
    <form method="get" action="/" class="row filter">
      ${view.customer && html`<input type="hidden" name="customer" value="${view.customer}" />`}
      <label for="type" class="sr-only">Type of event</label
      ><input id="type" name="type" value="${view.type ?? ''}" placeholder="invoice.*" />
      <button class="small outline">Filter</button>
      ${view.type && html`<a class="button quiet small" href="${linkTo(view, { type: null, before: null })}">Clear</a>`}
    </form>
    ${
      events.length === 0
        ? empty(view)
        : html`<table class="timeline" aria-labelledby="events-title">
            <thead class="sr-only">
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Event and delivery</th>
                <th scope="col">Actions</th>
              </tr>
            </thead>
            ${days.map(
              ({ day, rows }, index) =>
                html`<tbody class="${index % 2 === 1 && 'band'}">
                  <tr>
                    <th scope="rowgroup" colspan="3" class="day">${day}</th>
                  </tr>
                  ${rows.map((event) => row(sandbox, view, event, deliveries.get(event.id) ?? []))}
                </tbody>`,
            )}
          </table>`
    }
    <nav class="row" aria-label="Pages of events">
      ${view.before && html`<a class="button small outline" href="${linkTo(view, { before: null })}">Newest</a>`}
      ${more && html`<a class="button small outline" href="${linkTo(view, { before: events.at(-1)!.id })}">Older</a>`}
    </nav>`
}

function row(sandbox: Sandbox, view: View, event: Event, deliveries: DeliveryRow[]): Html {
  const id = event.data.object.id
  const open = view.object === event.id
  return html`<tr class="${open && 'open'}">
    <td class="mono when">
      <time datetime="${new Date(event.created * 1000).toISOString()}">${clockTime(event.created)}</time>
    </td>
    <td>
      <div class="what">
        <a class="mono type" href="${linkTo(view, { object: event.id })}#object" ${open && html`aria-current="true"`}
          >${event.type}</a
        >
        ${deliveries.length === 0 ? html`<span class="fine">no endpoint</span>` : deliveries.slice(0, 3).map((delivery) => badge(sandbox, delivery))}
      </div>
      <a class="mono fine" href="${linkTo(view, { object: id })}#object">${short(id)}</a>
    </td>
    <td class="actions">${actionButton(view, 'resend', event.id, 'Send again')}</td>
  </tr>`
}

/** The state of a delivery with its last attempt. */
export function badge(sandbox: Sandbox, { state, attempts, nextAttempt }: DeliveryRow): Html {
  const last = attempts.at(-1)
  const tries = attempts.length > 1 ? ` · attempt ${attempts.length}` : ''
  if (state === 'delivered')
    return html`<span class="badge credit">Delivered ${last?.status} · ${last?.milliseconds} ms${tries}</span>`
  if (state === 'dropped') return html`<span class="badge neutral">Dropped on purpose</span>`
  if (state === 'given_up') return html`<span class="badge debt">Given up after ${attempts.length}</span>`
  if (sandbox.faults.deliveries.hold) return html`<span class="badge due">Held</span>`
  if (!last) return html`<span class="badge due">Waiting</span>`
  return html`<span class="badge debt"
    >Failed ${last.status ?? last.answer} · retry in ${duration(Math.max(0, (nextAttempt ?? 0) - sandbox.now()))}</span
  >`
}

export function duration(seconds: Seconds): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3600)} h`
}

function pageOf(sandbox: Sandbox, view: View): { events: Event[]; more: boolean } {
  const events: Event[] = []
  let reached = view.before === null
  for (const event of sandbox.world.tables.events.newestFirst()) {
    const wanted =
      reached &&
      (!view.customer || ownerOf(sandbox.world, event.data.object) === view.customer) &&
      matches(event.type, view.type)
    if (wanted) events.push(event)
    if (event.id === view.before) reached = true
    if (events.length > PAGE) break
  }
  return { events: events.slice(0, PAGE), more: events.length > PAGE }
}

function matches(type: string, wanted: string | null): boolean {
  if (!wanted) return true
  return wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : type.includes(wanted)
}

function deliveriesOf(sandbox: Sandbox, events: Event[]): Map<string, DeliveryRow[]> {
  const wanted = new Map(events.map(({ id }) => [id, [] as DeliveryRow[]]))
  for (const delivery of sandbox.world.tables.deliveries.newestFirst()) wanted.get(delivery.event)?.push(delivery)
  return wanted
}

function groupByDay(events: Event[]): { day: string; rows: Event[] }[] {
  const format = new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  })
  const days: { day: string; rows: Event[] }[] = []
  for (const event of events) {
    const day = format.format(event.created * 1000)
    if (days.at(-1)?.day === day) days.at(-1)!.rows.push(event)
    else days.push({ day, rows: [event] })
  }
  return days
}

function clockTime(moment: Seconds): string {
  return new Date(moment * 1000).toISOString().slice(11, 19)
}

export function short(id: string): string {
  return id.length > 24 ? `${id.slice(0, 20)}…` : id
}

function empty(view: View): Html {
  return view.type || view.customer
    ? html`<p class="empty">No events match. <a href="/">Clear filters</a></p>`
    : html`<p class="empty">No events yet. Buy something in the app and watch it arrive here.</p>`
}
