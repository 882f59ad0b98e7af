/** What the policy of a page depends on. */
export interface PolicyFacts {
  nonce: string
  appUrl: string
  /** The Stripe sandbox, when it stands in for Stripe. */
  sandboxUrl: string | null
  /** Vite in development puts styles into the page and speaks over a web socket. */
  isDevServer: boolean
}

/** Chrome holds redirects after a form post to `form-action` too, and a purchase is such a redirect. */
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

/** The headers of every response that does not say otherwise for itself. */
export function securityHeaders(appUrl: string): Record<string, string> {
  return {
    // Pages and their data are private: after a log-out, no cache may show them.
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

/** A machine has several names for itself, and the sandbox's pages may be opened under any of them. */
function sandboxOrigins(sandboxUrl: string | null): string[] {
  if (sandboxUrl === null) return []
  const { origin, protocol, hostname, port } = new URL(sandboxUrl)
  const names = hostname === 'localhost' || hostname === '127.0.0.1' ? ['localhost', '127.0.0.1'] : []
  return [...new Set([origin, ...names.map((name) => `${protocol}//${name}${port ? `:${port}` : ''}`)])]
}
