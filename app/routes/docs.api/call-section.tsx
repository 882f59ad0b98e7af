import type { CallView, FieldRow } from '#app/api-reference/reference-view.server.ts'
import { Table, TableHead, Td } from '#app/components/table.tsx'
import { CodeBlock } from './code-block.tsx'
import { WithCode } from './with-code.tsx'

/** One call: what it does, what it takes, what it answers, and how to make it. */
export function CallSection({ call }: { call: CallView }) {
  const { id, method, path, title, about, scope, parameters, body, answer, errors } = call
  return (
    <article aria-labelledby={id} className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <h3 id={id}>{title}</h3>
      <p>
        <code className="font-semibold">
          {method} {path}
        </code>
      </p>
      <p>
        {about} Needs a key with the scope <code>{scope}</code>.
      </p>
      <Fields id={`${id}-parameters`} title="Parameters" of={title} fields={parameters} />
      <Fields id={`${id}-body`} title="Body" of={title} fields={body} />
      <h4 className="font-semibold">Example</h4>
      <CodeBlock label={`${title}, with curl`}>{call.curl}</CodeBlock>
      <CodeBlock label={`${title}, in TypeScript`}>{call.fetch}</CodeBlock>
      <h4 className="font-semibold">
        Answer <code>{answer.status}</code>
      </h4>
      <p>{answer.about}</p>
      {answer.example ? <CodeBlock label={`${title}, answer`}>{answer.example}</CodeBlock> : null}
      {answer.fields.length > 0 ? (
        <details>
          <summary className="inline-block cursor-pointer py-1 link">
            Fields of the answer<span className="sr-only">: {title}</span>
          </summary>
          <div className="mt-2">
            <FieldTable id={id} fields={answer.fields} />
          </div>
        </details>
      ) : null}
      <h4 className="font-semibold">Errors</h4>
      <p className="text-ink-2">
        {errors.map(({ code, status }, index) => (
          <span key={code}>
            {index > 0 ? ', ' : null}
            {status}{' '}
            <a className="link" href={`#error-${code}`}>
              <code>{code}</code>
            </a>
          </span>
        ))}
      </p>
    </article>
  )
}

function Fields({ id, title, of, fields }: { id: string; title: string; of: string; fields: FieldRow[] }) {
  if (fields.length === 0) return null
  return (
    <>
      <h4 id={id} className="font-semibold">
        {title}
        <span className="sr-only">: {of}</span>
      </h4>
      <FieldTable id={id} fields={fields} />
    </>
  )
}

function FieldTable({ id, fields }: { id: string; fields: FieldRow[] }) {
  return (
    <Table labelledBy={id} stacks>
      <TableHead columns={['Name', 'Type', 'Meaning']} />
      <tbody>
        {fields.map(({ name, type, isRequired, about }, index) => (
          <tr key={`${name}-${index}`}>
            <Td place="first">
              <code className="wrap-anywhere">{name}</code>
            </Td>
            <Td place="whole">
              <WithCode text={type} />
              {isRequired ? null : <span className="text-ink-2"> (optional)</span>}
            </Td>
            <Td place="whole">
              <WithCode text={about} />
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
