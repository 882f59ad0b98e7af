import { Table, TableHead, Td } from '#app/components/table.tsx'

interface ErrorRow {
  code: string
  status: number
  means: string
  todo: string
}

/** Every error code, what it means and what to do. */
export function ErrorList({ errors, labelledBy }: { errors: ErrorRow[]; labelledBy: string }) {
  return (
    <Table labelledBy={labelledBy} stacks>
      <TableHead columns={['Code', 'Status', 'Meaning', 'What to do']} />
      <tbody>
        {errors.map(({ code, status, means, todo }) => (
          <tr key={code} id={`error-${code}`}>
            <Td place="first">
              <code className="wrap-anywhere">{code}</code>
            </Td>
            <Td place="second">{status}</Td>
            <Td place="whole">{means}</Td>
            <Td place="whole">{todo}</Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
