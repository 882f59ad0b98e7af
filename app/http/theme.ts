/** How the pages are lit; `system` follows the device and is what nobody has chosen otherwise. */
export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

/** Lets through a theme that comes from outside; anything else is `system`. */
export function themeFrom(value: unknown): Theme {
  return THEMES.find((theme) => theme === value) ?? 'system'
}
