import { brand } from '../brand.mjs'
import { nameProblem, oneLine } from '../person-name.ts'
import type { MailContent, MailContext } from './mail-content.ts'

/**
 * Writes a mail as plain text and as HTML, with the same words. Mail programs ignore stylesheets, so styles are inline; there
 * are no tables, no images, and no links beside the page that the mail is about.
 * @param stop where mails of this kind can be turned off; null for those that cannot
 */
export function renderMail(content: MailContent, context: MailContext, stop: { url: string; about: string } | null) {
  const mail = withoutControls(content)
  const greeting = greetingOf(context)
  const settingsUrl = `${context.appUrl}/settings/notifications`
  return {
    subject: mail.subject,
    text: asText(
      mail,
      greeting,
      stop ? [`Unsubscribe from emails ${stop.about}: ${stop.url}`, `Settings: ${settingsUrl}`] : [],
    ),
    html: asHtml(mail, greeting, stop, settingsUrl),
  }
}

/** Names that were stored before they were checked may contain a link. */
function greetingOf({ name }: MailContext): string {
  return name.trim() && nameProblem(name) === null ? `Hello ${name.trim()},` : 'Hello,'
}

/** Descriptions come from outside: nothing in them may begin a line or a header. */
function withoutControls({ subject, paragraphs, facts, action }: MailContent): MailContent {
  return {
    subject: oneLine(subject),
    paragraphs: paragraphs.map(oneLine),
    facts: facts.map(({ label, value }) => ({ label, value: oneLine(value) })),
    action: action && { label: oneLine(action.label), url: new URL(action.url).href },
  }
}

function asText({ paragraphs, facts, action }: MailContent, greeting: string, footer: string[]): string {
  const parts = [
    greeting,
    ...paragraphs,
    facts.map(({ label, value }) => `${label}: ${value}`).join('\n'),
    action ? `${action.label}:\n${action.url}` : '',
    brand.name,
    footer.length > 0 ? ['--', ...footer].join('\n') : '',
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

// Light colors only: mail programs darken them themselves.
const [DESK] = brand.colors.desk
const [SHEET] = brand.colors.sheet
const [RULE] = brand.colors.rule
const [INK] = brand.colors.ink
const [INK_2] = brand.colors['ink-2']
const FONT = `font-family: 'Public Sans', system-ui, -apple-system, 'Segoe UI', sans-serif`
const STYLES = {
  body: `margin: 0; padding: 24px 16px; background: ${DESK}; color: ${INK}; ${FONT}; font-size: 16px; line-height: 24px`,
  sheet: `max-width: 560px; margin: 0 auto; padding: 24px; background: ${SHEET}; border: 1px solid ${RULE}`,
  heading: `margin: 0 0 16px; font-family: Besley, Rockwell, Georgia, serif; font-size: 20px; line-height: 28px`,
  paragraph: 'margin: 0 0 16px',
  facts: `margin: 0 0 16px; padding: 12px 0; border-top: 1px solid ${RULE}; border-bottom: 1px solid ${RULE}`,
  label: `color: ${INK_2}; font-size: 14px; line-height: 20px`,
  value: 'margin: 0 0 8px; font-weight: 600',
  button: `display: inline-block; padding: 10px 16px; background: ${INK}; color: ${SHEET}; border-radius: 3px; font-weight: 600; text-decoration: none`,
  footer: `max-width: 560px; margin: 16px auto 0; color: ${INK_2}; font-size: 14px; line-height: 20px`,
  link: `color: ${INK_2}; text-decoration: underline`,
}

function asHtml(
  { subject, paragraphs, facts, action }: MailContent,
  greeting: string,
  stop: { url: string; about: string } | null,
  settingsUrl: string,
): string {
  const paragraph = (text: string) => `<p style="${STYLES.paragraph}">${escapeHtml(text)}</p>`
  const rows = facts.map(
    ({ label, value }) =>
      `<dt style="${STYLES.label}">${escapeHtml(label)}</dt><dd style="${STYLES.value}">${escapeHtml(value)}</dd>`,
  )
  const footer = stop
    ? `<p>${link(stop.url, `Unsubscribe from emails ${stop.about}`)} · ${link(settingsUrl, 'Notification settings')}</p>`
    : ''
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta name="color-scheme" content="light"><title>${escapeHtml(subject)}</title></head>`,
    `<body style="${STYLES.body}">`,
    `<main style="${STYLES.sheet}">`,
    `<h1 style="${STYLES.heading}">${escapeHtml(subject)}</h1>`,
    paragraph(greeting),
    ...paragraphs.map(paragraph),
    rows.length > 0 ? `<dl style="${STYLES.facts}">${rows.join('')}</dl>` : '',
    action
      ? `<p style="${STYLES.paragraph}"><a href="${escapeHtml(action.url)}" style="${STYLES.button}">${escapeHtml(action.label)}</a></p>`
      : '',
    '</main>',
    `<footer style="${STYLES.footer}"><p>${escapeHtml(brand.name)}</p>${footer}</footer>`,
    '</body>',
    '</html>',
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function link(url: string, label: string): string {
  return `<a href="${escapeHtml(url)}" style="${STYLES.link}">${escapeHtml(label)}</a>`
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}
