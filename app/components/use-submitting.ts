import { useNavigation, useResolvedPath } from '@remix-run/react'

/**
 * Whether a form of this page is being submitted.
 * @param fields which form, by fields that only it sends, such as `{ plan: 'Daily' }`; none means any form
 */
export function useSubmitting(fields: Record<string, string> = {}, action = '.'): boolean {
  const navigation = useNavigation()
  const { pathname } = useResolvedPath(action)
  if (!navigation.formAction || navigation.formMethod !== 'POST') return false
  if (action !== '.' && new URL(navigation.formAction, 'http://localhost').pathname !== pathname) return false
  return Object.entries(fields).every(([name, value]) => navigation.formData?.get(name) === value)
}
