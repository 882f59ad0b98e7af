import { Form } from '@remix-run/react'
import { Button } from '#app/components/button.tsx'
import { EmptyState } from '#app/components/empty-state.tsx'
import { Table, TableHead, Td } from '#app/components/table.tsx'

export interface KeyRow {
  id: string
  name: string
  prefix: string
  createdAt: string
  lastUsedAt: string | null
}

export function ApiKeyTable({ keys, labelledBy }: { keys: KeyRow[]; labelledBy: string }) {
  if (keys.length === 0) return <EmptyState>No API keys yet. Programs need one to spend your credits.</EmptyState>
  return (
    <Table labelledBy={labelledBy} stacks>
      <TableHead columns={['Name', 'Created', 'Last used', { hidden: 'Revoke' }]} />
      <tbody>
        {keys.map((key) => (
          <tr key={key.id} className="control-row">
            <Td place="first">
              <span className="block wrap-anywhere">{key.name}</span>
              <code className="text-ink-2">{key.prefix}…</code>
            </Td>
            <Td place="meta">{key.createdAt}</Td>
            <Td place="meta">{key.lastUsedAt ?? 'Never'}</Td>
            <Td place="second">
              {/* A GET: it only asks. */}
              <Form method="get">
                <input type="hidden" name="id" value={key.id} />
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
