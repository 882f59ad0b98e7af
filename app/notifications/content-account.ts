import { brand } from '../brand.mjs'
import { CONFIRM_PATH, CONFIRMATION_HOURS } from '../email-confirmation/confirm-path.ts'
import { day, type MailWriters, moment } from './mail-content.ts'

/** The mails about the account. The name in the greeting is their only user input. */
export const ACCOUNT_MAILS = {
  password_changed: (data, context) => {
    const { byReset, changedAt, keysRevoked, keysLeft } = data
    const sessions = byReset
      ? 'Every other session was logged out.'
      : 'You stay logged in where you changed it; every other session was logged out.'
    return {
      subject: byReset ? 'Your password was reset' : 'Your password was changed',
      paragraphs: [
        `Your ${brand.name} password was ${byReset ? 'reset' : 'changed'} on ${moment(changedAt, context)}. ${sessions}`,
        ...keySentences(keysRevoked, keysLeft),
        'If this was not you, reset your password now. That logs out every session and revokes every API key.',
      ],
      facts: [],
      action: { label: 'Reset your password', url: `${context.appUrl}/forgot-password` },
    }
  },

  email_confirmation: (_, { appUrl, confirmationUrl }) => ({
    subject: 'Confirm your email address',
    paragraphs: [
      `A ${brand.name} account was created with this address. Open the page below and confirm that the address is yours.`,
      `The link works for ${CONFIRMATION_HOURS} hours. If you did not create an account, ignore this email.`,
    ],
    facts: [],
    action: { label: 'Confirm your email', url: confirmationUrl ?? `${appUrl}${CONFIRM_PATH}` },
  }),

  account_exists: (_, { appUrl }) => ({
    subject: `You already have a ${brand.name} account`,
    paragraphs: [
      `Someone tried to create a ${brand.name} account with this address, which already has one. Nothing was changed.`,
      'If this was you, log in. If you forgot your password, or never confirmed the address, reset it there.',
      'If this was not you, ignore this email.',
    ],
    facts: [],
    action: { label: 'Log in', url: `${appUrl}/dashboard` },
  }),

  api_key_created: ({ prefix, createdAt, canSpend, replaces }, context) => ({
    subject: replaces ? 'An API key was rotated' : 'A new API key was created',
    paragraphs: [
      `An API key was created for your account on ${moment(createdAt, context)}. ` +
        (canSpend ? 'It can spend your credits.' : 'It can read your account, but not spend your credits.'),
      ...(replaces
        ? [`It replaces the key ${replaces.prefix}…, which works until ${moment(replaces.worksUntil, context)}.`]
        : []),
      'If this was not you, revoke the key and change your password.',
    ],
    facts: [{ label: 'Starts with', value: `${prefix}…` }],
    action: { label: 'See your API keys', url: `${context.appUrl}/settings/api-keys` },
  }),

  api_key_expiring: ({ prefix, expiresAt }, context) => ({
    subject: `An API key expires on ${day(expiresAt, context)}`,
    paragraphs: [
      `Your API key ${prefix}… expires on ${moment(expiresAt, context)}. Requests with it are refused from then on.`,
      'If a program still uses it, rotate the key in your settings and give the program the new one before then.',
    ],
    facts: [{ label: 'Starts with', value: `${prefix}…` }],
    action: { label: 'See your API keys', url: `${context.appUrl}/settings/api-keys` },
  }),
} satisfies Partial<MailWriters>

function keySentences(revoked: number, left: number): string[] {
  const keys = (count: number) => (count === 1 ? '1 API key' : `${count} API keys`)
  if (revoked > 0)
    return [`${keys(revoked)} ${revoked === 1 ? 'was' : 'were'} revoked. Programs that use one need a new key.`]
  if (left > 0) return [`Your ${left === 1 ? 'API key still works' : `${left} API keys still work`}.`]
  return []
}
