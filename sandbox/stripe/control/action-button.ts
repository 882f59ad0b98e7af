import { html } from '../html/html.ts'
import type { Html } from '../html/html.ts'
import { linkTo } from './view.ts'
import type { View } from './view.ts'

/** A button that runs one action and returns to the same view. */
export function actionButton(
  view: View,
  name: string,
  value: string,
  label: string,
  kind = 'outline small',
  extra: Html | null = null,
): Html {
  return html`<form method="post" action="/">
    <input type="hidden" name="back" value="${linkTo(view, {})}" />${extra}<button
      class="${kind}"
      name="${name}"
      value="${value}"
    >
      ${label}
    </button>
  </form>`
}
