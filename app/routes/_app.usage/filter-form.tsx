import { Form, Link } from '@remix-run/react'
import { Button } from '#app/components/button.tsx'
import { Field, Select } from '#app/components/field.tsx'
import type { FiltersView } from '#app/usage/filters-view.server.ts'

/** Which entries to show: a GET form, so that the result has an address. Folded until a filter is set. */
export function FilterForm({ filters }: { filters: FiltersView }) {
  const { count, kinds, actions, values } = filters
  return (
    <details className="filters" open={count > 0 || undefined}>
      <summary className="cursor-pointer py-2 font-semibold">{count > 0 ? `Filter (${count})` : 'Filter'}</summary>
      <Form
        method="get"
        action="/usage"
        // The address fills the fields; when it changes, they have to as well.
        key={JSON.stringify(values)}
        className="mt-2 grid items-end gap-x-4 sm:grid-cols-2 lg:grid-cols-[repeat(4,minmax(0,1fr))_auto]"
      >
        <Select name="kind" label="Kind" defaultValue={values.kind}>
          <option value="">All activity</option>
          {kinds.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </Select>
        <Select name="action" label="Action" defaultValue={values.action}>
          <option value="">All actions</option>
          {actions.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </Select>
        <Field name="from" label="From" type="date" defaultValue={values.from} />
        <Field name="to" label="To" type="date" defaultValue={values.to} />
        {values.days ? <input type="hidden" name="days" value={values.days} /> : null}
        {/* Level with the fields, which have space for an error below. */}
        <div className="flex gap-2 pb-3">
          <Button kind="outline">Apply</Button>
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
