import { describe, expect, test } from 'vitest'
import { contentOf } from '#app/notifications/content.ts'
import {
  KIND_RULES,
  KINDS,
  type NotificationContent,
  type NotificationKind,
  parseContent,
  staleAfter,
} from '#app/notifications/kinds.ts'
import type { MailContext } from '#app/notifications/mail-content.ts'
import { renderMail } from '#app/notifications/render-mail.ts'
import { SAMPLES } from './samples.ts'

const BERLIN: MailContext = { name: 'Ada', timeZone: 'Europe/Berlin', appUrl: 'https://scrip.example' }
const STOP = { url: 'https://scrip.example/unsubscribe?token=a&b', about: 'about low credits' }

function mailOf(kind: NotificationKind, context = BERLIN, stop: typeof STOP | null = null) {
  return renderMail(contentOf(parseContent(kind, SAMPLES[kind]), context), context, stop)
}

describe('every mail', () => {
  test.each(KINDS)('%s has the same content as text and as HTML, with one heading and one main link', (kind) => {
    const { subject, text, html } = mailOf(kind)
    const words = html.replace(/<head>.*?<\/head>/s, '').replace(/<[^>]+>/g, ' ')

    expect(subject).toMatch(/^[^\r\n]{5,80}$/)
    expect(html).toContain('<html lang="en">')
    expect(html.match(/<h1/g)).toHaveLength(1)
    expect(html).not.toMatch(/<(table|img|script|style|link)\b/)
    expect(text).toMatch(/https:\/\/\S+/)
    for (const line of text.split('\n').filter((part) => part.length > 20 && !part.includes('http'))) {
      const spoken = line.replace(/^[A-Z][\w ]*: |:$/g, '')
      expect(words.replaceAll('&#39;', "'")).toContain(spoken)
    }
    expect(text + html).not.toMatch(/undefined|null|NaN|Invalid|\[object|[!]\s|oops|please/i)
  })

  test.each([
    ['payment_receipt', ['$18.00', '+2,000', '1 May 2026, 14:00 CEST', 'https://invoice.example.com/in_1']],
    ['payment_failed', ['$18.00', '6 May 2026, 14:00 CEST', 'https://scrip.example/billing/update-card']],
    ['action_required', ['$18.00', 'https://invoice.example.com/in_2', 'not been charged']],
    ['trial_ending', ['14 Jun 2026, 09:00 CEST', '$18.00 a month', '2,000 credits', 'https://scrip.example/billing']],
    ['trial_without_credits', ['Daily', 'each card gets trial credits once', 'https://scrip.example/billing']],
    ['subscription_canceled', ['stays active until 1 Jun 2026, 12:00 CEST', 'Keep Daily']],
    ['subscription_paused', ['14 Jun 2026, 09:00 CEST', '$18.00 a month', 'keep your credits', 'Resume Daily']],
    ['subscription_resumed', ['$18.00', '1 Jun 2026']],
    ['subscription_ended', ['1 Jun 2026, 12:00 CEST', 'because its payment failed', 'https://scrip.example/pricing']],
    ['credits_low', ['87 credits left', 'fewer than 100 are left', '2,000 credits arrive on 1 Jun 2026']],
    ['top_up_confirm', ['$22.00', '2,000 credits', 'not been charged', 'https://invoice.example.com/in_3']],
    ['top_up_stopped', ['declined three times', '2,000 credits for $22.00', 'https://scrip.example/billing/top-up']],
    ['top_up_limit', ['3 top-ups and $66.00 a month', '1 Jun 2026', 'https://scrip.example/billing#packs']],
    ['credits_arrived', ['1,000 credits were added', '1,840 now', '1 Jul 2026, 12:00 CEST']],
    ['refund', ['€6.00', '\u2212500', '4 May 2026, 14:00 CEST']],
    ['password_changed', ['was reset on 5 May 2026, 14:00 CEST', '2 API keys were revoked', '/forgot-password']],
    ['email_confirmation', ['24 hours', 'https://scrip.example/verify-email']],
    ['account_exists', ['already has one', 'https://scrip.example/dashboard']],
    ['api_key_created', ['5 May 2026, 14:00 CEST', 'sk_scrip_ab12cd', 'https://scrip.example/settings/api-keys']],
    ['api_key_created', ['can spend your credits', 'replaces the key sk_scrip_98fe76…', '6 May 2026, 14:00 CEST']],
    ['api_key_expiring', ['sk_scrip_ab12cd', '14 Jun 2026, 09:00 CEST', 'https://scrip.example/settings/api-keys']],
    ['operator_attention', ['in_1 was paid and has granted nothing', 'npm run reconcile', 'https://scrip.example']],
    ['dispute_opened', ['$18.00', '5 May 2026', 'Spending is paused']],
  ] satisfies [NotificationKind, string[]][])(
    '%s has its amounts, its dates with their zone and its link',
    (kind, parts) => {
      const { text, html } = mailOf(kind)

      for (const part of parts) {
        expect(text).toContain(part)
        expect(html).toContain(part)
      }
    },
  )

  test('a plan canceled while a payment was open says what became of the payment', () => {
    const sum = { amount: 1800, currency: 'usd' }
    const text = (content: NotificationContent) => renderMail(contentOf(content, BERLIN), BERLIN, null).text
    const canceled = { ...SAMPLES.subscription_canceled, owed: sum }
    const ended = { ...SAMPLES.subscription_ended, reason: 'cancellation_requested', voided: sum }

    expect(text({ kind: 'subscription_canceled', data: canceled })).toContain(
      'Your open payment of $18.00 is still being collected.',
    )
    expect(text({ kind: 'subscription_canceled', data: canceled })).not.toContain('no more payments')
    expect(text({ kind: 'subscription_ended', data: ended })).toContain(
      'The open payment of $18.00 is canceled: you are not charged, and its credits are not added.',
    )
  })

  test('dates are in the reader’s time zone', () => {
    expect(mailOf('payment_failed', { ...BERLIN, timeZone: 'America/New_York' }).text).toContain(
      '6 May 2026, 08:00 EDT',
    )
    expect(mailOf('payment_failed', { ...BERLIN, timeZone: 'UTC' }).text).toContain('6 May 2026, 12:00 UTC')
  })

  test('only mails that can be turned off say how', () => {
    expect(mailOf('payment_receipt').text).not.toContain('unsubscribe')
    expect(mailOf('credits_low', BERLIN, STOP).text).toContain(STOP.url)
    expect(mailOf('credits_low', BERLIN, STOP).html).toContain('href="https://scrip.example/unsubscribe?token=a&amp;b"')
  })
})

describe('names and descriptions from outside', () => {
  test('a name can start no line and no HTML element', () => {
    const context = { ...BERLIN, name: 'Ada\r\nBcc: x@example.com\u2028<img src=x onerror=1>' }
    const data = { ...SAMPLES.payment_receipt, description: '<b>x</b>\r\n.\r\nQUIT' }
    const mail = renderMail(contentOf({ kind: 'payment_receipt', data }, context), context, null)

    expect(mail.text).not.toMatch(/^(Bcc|QUIT|\.)/m)
    expect(mail.html).not.toMatch(/<(b|img)\b/)
    expect(mail.html).toContain('&lt;b&gt;x&lt;/b&gt;')
  })

  test.each(['Win at https://evil.example', 'evil.example', 'Ada \u202egnp.exe'])(
    'a name stored before names were checked is left out: %j',
    (name) => {
      const { text, html } = mailOf('payment_receipt', { ...BERLIN, name })

      expect(text).toMatch(/^Hello,\n/)
      expect(text + html).not.toContain(name)
    },
  )

  test('a name keeps the joiners of its script', () => {
    expect(mailOf('payment_receipt', { ...BERLIN, name: 'علی\u200cرضا' }).text).toContain('Hello علی\u200cرضا,')
  })

  test('a plan name cannot break the subject', () => {
    const data = { ...SAMPLES.subscription_ended, plan: 'Daily\r\nBcc: x@example.com' }
    const { subject } = renderMail(contentOf({ kind: 'subscription_ended', data }, BERLIN), BERLIN, null)

    expect(subject).toBe('Daily Bcc: x@example.com has ended')
  })

  test('only http and https links are accepted', () => {
    const data = { ...SAMPLES.payment_receipt, invoiceUrl: 'javascript:alert(1)' }

    expect(() => parseContent('payment_receipt', data)).toThrow()
  })
})

describe('the rules of the notification kinds', () => {
  test('receipts, failed payments, refunds and changes of plan or account cannot be turned off', () => {
    const always = KINDS.filter((kind) => KIND_RULES[kind].setting === null)

    expect(always.sort()).toEqual([
      'account_exists',
      'action_required',
      'api_key_created',
      'api_key_expiring',
      'credits_expiring',
      'dispute_lost',
      'dispute_opened',
      'duplicate_canceled',
      'email_confirmation',
      'operator_attention',
      'password_changed',
      'payment_failed',
      'payment_receipt',
      'refund',
      'subscription_canceled',
      'subscription_ended',
      'subscription_paused',
      'subscription_resumed',
      'top_up_confirm',
      'top_up_limit',
      'top_up_stopped',
      'trial_without_credits',
    ])
  })

  test('a mail with an amount of money is never sent twice on a guess', () => {
    const guessed = KINDS.filter((kind) => KIND_RULES[kind].whenUnknown === 'send_again')

    expect(guessed.filter((kind) => /payment|refund|dispute|action_required/.test(kind))).toEqual([])
  })

  test('a reminder is stale once its time has come', () => {
    const { trialEndsAt } = SAMPLES.trial_ending
    const content = parseContent('trial_ending', SAMPLES.trial_ending)

    expect(staleAfter(content, new Date(trialEndsAt.getTime() - 3_600_000))).toEqual(trialEndsAt)
    expect(staleAfter(content, new Date('2026-06-01T00:00:00Z'))).toEqual(new Date('2026-06-03T00:00:00Z'))
  })
})
