import { Form, Link } from '@remix-run/react'
import { Button } from '#app/components/button.tsx'
import { Field, Select } from '#app/components/field.tsx'
import type { FiltersView } from '#app/usage/usage-page.server.ts'

/** Which entries to show: a GET form, so that the answer has an address. Folded until one is set. */
export function FilterForm({ filters }: { filters: FiltersView }) {
  const { count, kinds, actions, values } = filters
  return (
    <details className="filters" open={count > 0 || undefined}>
      <summary className="cursor-pointer py-2 font-semibold">{count > 0 ? `Filter (${count})` : 'Filter'}</summary>
      <Form
        method="get"
        action="/usage"
        // What is in the fields comes from the address; when that changes, so do they.
        key={JSON.stringify(values)}
        className="mt-2 grid items-end gap-x-4 sm:grid-cols-2 lg:grid-cols-[repeat(4,minmax(0,1fr))_auto]"
      >
        <Select name="kind" label="Kind" defaultValue={values.kind}>
          <option value="">All that moved credits</option>
          {kinds.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </Select>
        <Field
          name="action"
          label="Action"
          optional
          defaultValue={values.action}
          list="known-actions"
          autoComplete="off"
          maxLength={64}
        />
        <datalist id="known-actions">
          {actions.map((title) => (
            <option key={title} value={title} />
          ))}
        </datalist>
        <Field name="from" label="From" type="date" optional defaultValue={values.from} />
        <Field name="to" label="To" type="date" optional defaultValue={values.to} />
        {values.days ? <input type="hidden" name="days" value={values.days} /> : null}
        <div className="flex gap-2 pb-6">
          <Button kind="outline">Show</Button>
          {count > 0 ? (
            <Link to="/usage" className="button" data-kind="quiet">
              Clear filters
            </Link>
          ) : null}
        </div>
      </Form>
    </details>
  )
}
