/** The themes of pages; `system`, the default, follows the device. */
export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

/** A theme from outside; anything else is `system`. */
export function themeFrom(value: unknown): Theme {
  return THEMES.find((theme) => theme === value) ?? 'system'
}
