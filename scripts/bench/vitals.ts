import type { Browser } from 'playwright-core'

export interface Vitals {
  /** Largest contentful paint, in milliseconds after the navigation. */
  lcp: number
  /** Cumulative layout shift. */
  cls: number
}

/** An entry of `layout-shift`, which TypeScript's DOM library does not have. */
type LayoutShift = PerformanceEntry & { value: number; hadRecentInput: boolean }

/** Visits a page as a new visitor, without a cache. */
export async function visit(browser: Browser, url: string, cookie?: string): Promise<Vitals> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  try {
    const [name, value] = cookie?.split('=', 2) ?? []
    if (name && value) await context.addCookies([{ name, value, url }])
    const page = await context.newPage()
    await page.addInitScript(observe)
    await page.goto(url, { waitUntil: 'networkidle' })
    return await page.evaluate(report)
  } finally {
    await context.close()
  }
}

/** Runs in the page, before its own scripts. */
function observe(): void {
  const vitals = { lcp: 0, cls: 0 }
  Object.assign(window, { vitals })
  new PerformanceObserver((list) => {
    vitals.lcp = list.getEntries().at(-1)?.startTime ?? vitals.lcp
  }).observe({ type: 'largest-contentful-paint', buffered: true })
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries() as LayoutShift[]) if (!shift.hadRecentInput) vitals.cls += shift.value
  }).observe({ type: 'layout-shift', buffered: true })
}

/** Runs in the page. Observers are called after a frame. */
function report(): Promise<Vitals> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => {
      requestAnimationFrame(() => resolve((window as unknown as { vitals: Vitals }).vitals))
    })
  })
}
