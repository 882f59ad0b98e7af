import { Form } from '@remix-run/react'
import { Badge } from '#app/components/badge.tsx'
import { Button } from '#app/components/button.tsx'
import { EmptyState } from '#app/components/empty-state.tsx'
import { Table, TableHead, Td } from '#app/components/table.tsx'
import type { KeyRow } from './key-rows.server.ts'

export function ApiKeyTable({ keys, labelledBy }: { keys: KeyRow[]; labelledBy: string }) {
  if (keys.length === 0) return <EmptyState>No API keys yet. Programs need one to spend your credits.</EmptyState>
  return (
    <Table labelledBy={labelledBy} stacks>
      <TableHead columns={['Name', 'Last used', 'Expiry', { hidden: 'Rotate or revoke' }]} />
      <tbody>
        {keys.map((key) => (
          <tr key={key.id} className="control-row">
            <Td place="first">
              <span className="block wrap-anywhere">{key.name}</span>
              <code className="text-ink-2">{key.prefix}…</code>
              <span className="block text-ink-2">{key.access}</span>
              <span className="block text-ink-2">Created {key.createdAt}</span>
            </Td>
            <Td place="meta">
              {/* On a phone the heads of the columns are not seen. */}
              <span className="sm:hidden" aria-hidden>
                Last used:{' '}
              </span>
              {key.lastUsedAt ?? 'Never'}
            </Td>
            <Td place="meta">
              {key.expiry.tone ? <Badge tone={key.expiry.tone}>{key.expiry.text}</Badge> : key.expiry.text}
            </Td>
            <Td place="whole">
              {/* A GET: it only asks. */}
              <Form method="get" className="flex flex-wrap gap-x-4 gap-y-2">
                <input type="hidden" name="id" value={key.id} />
                {key.canRotate ? (
                  <Button kind="quiet" name="intent" value="rotate">
                    Rotate<span className="sr-only"> {key.name}</span>
                  </Button>
                ) : null}
                <Button kind="quiet" name="intent" value="revoke">
                  Revoke<span className="sr-only"> {key.name}</span>
                </Button>
              </Form>
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
