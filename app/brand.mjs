/**
 * The brand: edit this file to put in your own, then rebuild (`npm start` does so by itself). Pages, mails, CSV file names,
 * product names at Stripe, the sandbox's pages and what the scripts print read it. Plain JavaScript without imports, because
 * scripts read it before anything is installed.
 *
 * Not the brand, and to be left as they are, because stored data and running programs depend on them: lookup keys, product
 * ids and metadata at Stripe (`scrip_…`, `app: scrip`), the API-key prefix `sk_scrip_`, names of cookies, headers and
 * databases, the `SCRIP_…` variables and the `.scrip` folder.
 *
 * @typedef {[light: string, dark: string]} Color  a hex color for each theme; hex, because mail programs know nothing else
 * @typedef {object} Brand
 * @property {string} name  the product's name. After a rename run `npm run stripe:setup` too, which renames the products at
 *   Stripe; invoices that were sent keep the name they had
 * @property {string} title  the title of the landing page, after the name
 * @property {string} description  what search engines show below the title
 * @property {string} senderAddress  where mails come from, under the product's name, unless MAIL_FROM says otherwise. An
 *   address at localhost is for local mode only
 * @property {string | null} supportAddress  where questions of customers go; null for the sender's address
 * @property {(colors: Record<string, string>) => string} logo  the icon in the browser's tab, as SVG, in the light colors
 * @property {typeof colors} colors  the palette; `test/browser/look.test.ts` checks its contrast on every page
 */

/** @satisfies {Record<string, Color>} */
const colors = {
  /** The ground of a page, of what lies on it, of a highlighted row and of what is sunk in. */
  desk: ['#edf2f0', '#0f1613'],
  sheet: ['#fbfdfb', '#161f1b'],
  band: ['#e7f7eb', '#1c2722'],
  well: ['#e4eae7', '#0a100e'],
  /** Lines, and the edges of controls. */
  rule: ['#d1dcd5', '#313c37'],
  'rule-strong': ['#75857d', '#7a8b83'],
  /** Text and plain buttons, from the strongest to the faintest. */
  ink: ['#14231e', '#e9eeea'],
  'ink-2': ['#44544d', '#b7c1ba'],
  'ink-3': ['#596962', '#9ba6a0'],
  /** The accent: credits that are added, and the one button that leads on. */
  credit: ['#12623e', '#72d69d'],
  'credit-hover': ['#084c2e', '#8ee8b3'],
  'on-credit': ['#fbfdfb', '#071a13'],
  'credit-wash': ['#d3f3dd', '#193b2a'],
  'credit-ink': ['#07492c', '#99e5b7'],
  /** Errors, and what cannot be undone. */
  debt: ['#b12725', '#f7857d'],
  'debt-hover': ['#921b1a', '#faa39c'],
  'on-debt': ['#fbfdfb', '#250e0d'],
  'debt-wash': ['#fde7e5', '#4c221f'],
  'debt-ink': ['#8d1b19', '#ffbfb8'],
  /** What waits for an action. */
  due: ['#ab7306', '#ecbc5e'],
  'due-wash': ['#fbedcd', '#433215'],
  'due-ink': ['#69440a', '#f5d795'],
  /** The outline of what has the focus. */
  focus: ['#145cad', '#78c7fd'],
}

/** @type {Brand} */
export const brand = {
  name: 'Scrip',
  title: 'pay for credits, see where every one went',
  description:
    'Pick a plan, spend credits on actions, read the ledger. Nothing is charged twice and nothing goes missing.',
  senderAddress: 'scrip@localhost',
  supportAddress: null,
  logo: ({ sheet, ink, 'rule-strong': rule, credit }) =>
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="1" y="3" width="30" height="26" rx="2" fill="${sheet}" stroke="${ink}" stroke-width="2"/><path d="M22.5 4v24" stroke="${rule}" stroke-width="2" stroke-dasharray="3 2.4"/><path d="M16 11.2c-.6-1.6-2-2.4-4-2.4-2.4 0-4 1.2-4 3.1 0 4.3 8.4 2.3 8.4 6.9 0 2.2-1.8 3.5-4.4 3.5-2.4 0-4-1-4.6-2.9" fill="none" stroke="${credit}" stroke-width="2.6" stroke-linecap="square"/></svg>`,
  colors,
}
