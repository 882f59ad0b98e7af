import { Form } from '@remix-run/react'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { Section } from '#app/components/page.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import type { KeyRow } from './key-rows.server.ts'

/** Asks before a key is rotated or revoked. */
export function AskAboutKey({ apiKey, intent }: { apiKey: KeyRow; intent: 'rotate' | 'revoke' }) {
  const busy = useSubmitting({ intent })
  const isRevoke = intent === 'revoke'
  return (
    <Section
      id={`${intent}-title`}
      title={`${isRevoke ? 'Revoke' : 'Rotate'} “${apiKey.name}”?`}
      lead={leadOf(apiKey, intent)}
    >
      <Form method="post" className="flex flex-wrap gap-4">
        <input type="hidden" name="intent" value={intent} />
        <input type="hidden" name="id" value={apiKey.id} />
        <Button kind={isRevoke ? 'red' : 'ink'} busy={busy}>
          {isRevoke ? 'Revoke key' : 'Rotate key'}
        </Button>
        <ButtonLink to="/settings/api-keys" kind="outline">
          Keep key
        </ButtonLink>
      </Form>
    </Section>
  )
}

function leadOf({ prefix, hasExpired }: KeyRow, intent: 'rotate' | 'revoke'): string {
  if (intent === 'rotate') {
    return `You get a new key with the same name, access and expiry. The key ${prefix}… works for up to 24 more hours, so that you can replace it in your programs.`
  }
  if (hasExpired) return `The key ${prefix}… has expired. Revoking it removes it from your list.`
  return `Programs that use the key ${prefix}… will stop working. You cannot undo this.`
}
