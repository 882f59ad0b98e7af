/** What the Content-Security-Policy of a page depends on. */
interface PolicyFacts {
  nonce: string
  appUrl: string
  /** The Stripe sandbox, if it stands in for Stripe. */
  sandboxUrl: string | null
  /** In development, Vite puts styles into the page and uses a web socket. */
  isDevServer: boolean
}

/** Chrome applies `form-action` to redirects after a form post too, and a purchase is such a redirect. */
const STRIPE_PAGES = ['https://checkout.stripe.com', 'https://billing.stripe.com']

/** The Content-Security-Policy of an HTML page. */
export function contentSecurityPolicy({ nonce, appUrl, sandboxUrl, isDevServer }: PolicyFacts): string {
  const directives: Record<string, string[]> = {
    'default-src': ["'self'"],
    'script-src': ["'self'", `'nonce-${nonce}'`],
    'style-src': ["'self'", isDevServer ? "'unsafe-inline'" : `'nonce-${nonce}'`],
    'img-src': ["'self'", 'data:', 'blob:'],
    'font-src': ["'self'"],
    'connect-src': isDevServer ? ["'self'", 'ws:'] : ["'self'"],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'frame-ancestors': ["'none'"],
    'form-action': ["'self'", ...STRIPE_PAGES, ...sandboxOrigins(sandboxUrl)],
  }
  if (appUrl.startsWith('https:')) directives['upgrade-insecure-requests'] = []
  return Object.entries(directives)
    .map(([name, values]) => [name, ...values].join(' '))
    .join('; ')
}

/** The headers of every response that does not set its own. */
export function securityHeaders(appUrl: string): Record<string, string> {
  return {
    // Pages and their data are private: no cache may show them after a log-out.
    'Cache-Control': 'no-store',
    // `no-referrer` would make browsers send `Origin: null` with a plain form post.
    'Referrer-Policy': 'strict-origin-when-cross-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=()',
    ...(appUrl.startsWith('https:') ? { 'Strict-Transport-Security': 'max-age=31536000; includeSubDomains' } : {}),
  }
}

/** A machine has several names for itself, and the sandbox's pages may be opened under any. */
function sandboxOrigins(sandboxUrl: string | null): string[] {
  if (sandboxUrl === null) return []
  const { origin, protocol, hostname, port } = new URL(sandboxUrl)
  const names = hostname === 'localhost' || hostname === '127.0.0.1' ? ['localhost', '127.0.0.1'] : []
  return [...new Set([origin, ...names.map((name) => `${protocol}//${name}${port ? `:${port}` : ''}`)])]
}
