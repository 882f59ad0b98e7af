import { html } from './html.ts'
import type { Html } from './html.ts'
import type { Reply } from '../http/reply.ts'

interface PageOptions {
  title: string
  /** The link at the top. */
  back?: { url: string; label: string } | null
  width?: 'narrow' | 'text' | 'wide' | 'full'
  script?: string
  error?: boolean
  status?: number
}

/** A page of the sandbox; the ochre background and the bar show that this is not Stripe. */
export function page({ title, back, width = 'text', script, error, status = 200 }: PageOptions, content: Html): Reply {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${error ? 'Error: ' : ''}${title} · Stripe sandbox</title>
        <link rel="icon" href="data:," />
        <link rel="preload" href="/_assets/public-sans.woff2" as="font" type="font/woff2" crossorigin />
        <link rel="stylesheet" href="/_assets/sandbox.css" />
        ${script && html`<script src="/_assets/${script}" defer></script>`}
      </head>
      <body>
        <a class="skip" href="#content">Skip to content</a>
        <header class="bar">
          <p><strong>Sandbox</strong> <span>stands in for Stripe on this machine</span></p>
          ${back && html`<nav aria-label="Back"><a href="${back.url}">${back.label}</a></nav>`}
        </header>
        <main id="content" class="${width}">${content}</main>
      </body>
    </html>`
  return { status, body: document.text, headers: { 'Content-Security-Policy': CSP } }
}

// No inline scripts or styles, so that an injected value cannot become one.
const CSP =
  "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"

/** The errors of a form, first on the page, with links to the fields. */
export function errorSummary(errors: { field?: string; message: string }[]): Html | null {
  if (errors.length === 0) return null
  return html`<div class="errors" id="errors" tabindex="-1" autofocus>
    <div role="alert">
      <h2>${errors.length === 1 ? 'There is a problem' : `There are ${errors.length} problems`}</h2>
      <ul>
        ${errors.map(({ field, message }) => html`<li>${field ? html`<a href="#${field}">${message}</a>` : message}</li>`)}
      </ul>
    </div>
  </div>`
}

export interface FieldOptions {
  name: string
  label: string
  value?: string
  error?: string
  hint?: string
  autocomplete?: string
  inputmode?: string
  placeholder?: string
  type?: string
  optional?: boolean
}

export function field({
  name,
  label,
  value = '',
  error,
  hint,
  autocomplete,
  inputmode,
  type = 'text',
  optional,
}: FieldOptions): Html {
  return html`<div class="field">
    <label for="${name}">${label}${optional ? html` <span class="optional">(optional)</span>` : ''}</label>
    ${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      value="${value}"
      ${autocomplete && html`autocomplete="${autocomplete}"`}
      ${inputmode && html`inputmode="${inputmode}"`}
      ${error && html`aria-invalid="true"`}
      ${(error || hint) && html`aria-describedby="${[hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(' ')}"`}
    />
    <p class="field-error" id="${name}-error">${error}</p>
  </div>`
}

export function redirect(url: string): Reply {
  return { status: 303, headers: { Location: url }, body: '' }
}

/** A moment, formatted for people with its zone, and for machines. */
export function time(seconds: number, { hour = true } = {}): Html {
  const date = new Date(seconds * 1000)
  const shown = new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    ...(hour && { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' }),
    timeZone: 'UTC',
  }).format(date)
  return html`<time datetime="${date.toISOString()}">${shown}</time>`
}
