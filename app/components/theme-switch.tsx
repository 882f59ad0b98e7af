import { Form, useLocation, useRouteLoaderData } from '@remix-run/react'
import { THEMES, type Theme } from '#app/http/theme.ts'

const NAMES: Record<Theme, string> = { system: 'System', light: 'Light', dark: 'Dark' }

/** The choice is a cookie, so that the server renders the right colors at once. */
export function ThemeSwitch() {
  const location = useLocation()
  const root = useRouteLoaderData<{ theme: Theme }>('root')
  const current = root?.theme ?? 'system'
  return (
    <Form
      method="post"
      action="/resources/theme"
      preventScrollReset
      className="flex flex-wrap items-center gap-x-4 gap-y-1"
    >
      <input type="hidden" name="redirectTo" value={location.pathname + location.search} />
      <span>Theme</span>
      {THEMES.map((theme) => (
        <button key={theme} name="theme" value={theme} aria-pressed={theme === current} className="theme-button">
          {NAMES[theme]}
        </button>
      ))}
    </Form>
  )
}
