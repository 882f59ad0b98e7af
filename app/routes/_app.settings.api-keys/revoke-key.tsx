import { Form } from '@remix-run/react'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { Section } from '#app/components/page.tsx'
import { useSubmitting } from '#app/components/use-submitting.ts'
import type { KeyRow } from './api-key-table.tsx'

/** Asks before a key is revoked: that cannot be undone. */
export function RevokeKey({ apiKey }: { apiKey: KeyRow }) {
  const busy = useSubmitting({ intent: 'revoke' })
  return (
    <Section
      id="revoke-title"
      title={`Revoke “${apiKey.name}”?`}
      lead={`Programs that use the key ${apiKey.prefix}… will stop working. You cannot undo this.`}
    >
      <Form method="post" className="flex flex-wrap gap-4">
        <input type="hidden" name="intent" value="revoke" />
        <input type="hidden" name="id" value={apiKey.id} />
        <Button kind="red" busy={busy}>
          Revoke key
        </Button>
        <ButtonLink to="/settings/api-keys" kind="outline">
          Keep key
        </ButtonLink>
      </Form>
    </Section>
  )
}
