import { data } from '@remix-run/node'

/** Any address without a page. It throws, so that the answer is a real 404. */
export function loader() {
  throw data(null, { status: 404 })
}

export const action = loader

export default function NotFound() {
  return null
}
