import { controlApi } from './control/api.ts'
import { controlAction } from './control/forms.ts'
import { controlPage } from './control/page.ts'
import type { Sandbox } from './control/sandbox.ts'
import type { PageHandler } from './http/reply.ts'
import { asset } from './html/assets.ts'
import { bankPage, checkoutPage } from './pages/checkout/checkout-page.ts'
import { invoicePage, pdfPage, receiptPage } from './pages/invoice/invoice-page.ts'
import { portalPage } from './pages/portal/portal-page.ts'

/** Everything that is not the API: hosted pages, the control page and the controls. */
export function pagesOf(sandbox: Sandbox): PageHandler {
  return async ({ method, url, form, body, headers }) => {
    const [, first = '', second = '', third = ''] = url.pathname.split('/')
    // Pages of other sites must not submit the sandbox's forms through the visitor's browser.
    if (method === 'POST' && isForeign(headers)) return { status: 403, body: 'Forms from other sites are refused.' }
    if (first === '') return method === 'POST' ? controlAction(sandbox, form) : controlPage(sandbox, url)
    if (first === '_assets') return asset(second)
    if (first === '_sandbox') return controlApi(sandbox, method, url, body)
    if (first === 'c' && second === 'pay') return checkoutPage(sandbox.world, method, third, form)
    if (first === 'authenticate') return bankPage(sandbox.world, method, second, form)
    if (first === 'i') return invoicePage(sandbox.world, method, url.pathname, form)
    if (first === 'pdf') return pdfPage(sandbox.world, url.pathname)
    if (first === 'receipts') return receiptPage(sandbox.world, second)
    if (first === 'p') return portalPage(sandbox.world, method, url.pathname, form, url.searchParams)
    return null
  }
}

/** Programs send no Origin. A page in a sandboxed frame or from a file sends `null`. */
function isForeign({ origin, host }: Record<string, string | string[] | undefined>): boolean {
  if (origin === undefined) return false
  return typeof origin !== 'string' || !URL.canParse(origin) || new URL(origin).host !== host
}
