import { describe, expect, test } from 'vitest'
import { Credits, Money, Time } from '#app/components/amounts.tsx'
import { Badge } from '#app/components/badge.tsx'
import { Button, ButtonLink } from '#app/components/button.tsx'
import { ErrorSummary } from '#app/components/error-summary.tsx'
import { Checkbox, Field, Select } from '#app/components/field.tsx'
import { Ledger } from '#app/components/ledger.tsx'
import { Page } from '#app/components/page.tsx'
import { RadioCards } from '#app/components/radio-cards.tsx'
import { PlanNotices } from '#app/components/standing-notices.tsx'
import { SumTable } from '#app/components/sum-table.tsx'
import { TestModeStrip } from '#app/components/test-mode-strip.tsx'
import { render, renderText } from './render.tsx'

describe('Field', () => {
  test('a field ties label, hint and error to its control', () => {
    const html = render(
      <Field name="email" label="Email" hint="We never share it." error="Enter your email." type="email" />,
    )

    expect(html).toContain('<label class="field-label" for="email" id="email-label">Email</label>')
    expect(html).toContain('aria-describedby="email-hint email-error"')
    expect(html).toContain('aria-invalid="true"')
    expect(html).toMatch(/id="email-error".*Enter your email\./)
  })

  test('a field reserves the space of an error without announcing it', () => {
    const html = render(<Field name="email" label="Email" />)

    expect(html).toContain('class="field-error"')
    expect(html).not.toContain('aria-invalid')
    expect(html).not.toContain('aria-describedby')
  })

  test('a field shows the first of several errors and marks optional input', () => {
    const text = renderText(<Field name="name" label="Name" optional error={['Too long.', 'Odd.']} />)

    expect(text).toBe('Name (optional)Too long.')
  })

  test('a password field has no button without JavaScript', () => {
    const html = render(<Field name="password" label="Password" type="password" autoComplete="new-password" />)

    expect(html).toContain('type="password"')
    expect(html).not.toContain('<button')
  })
})

test('Select keeps its options and value', () => {
  const html = render(
    <Select name="zone" label="Zone" defaultValue="UTC">
      <option value="UTC">UTC</option>
    </Select>,
  )

  expect(html).toContain('<option value="UTC" selected="">UTC</option>')
})

test('two checkboxes of one name are told apart by their values', () => {
  const html = render(<Checkbox name="mail" value="receipts" label="Receipts" asSwitch />)

  expect(html).toContain('id="mail-receipts"')
  expect(html).toContain('role="switch"')
  expect(html).toContain('for="mail-receipts"')
})

describe('Button', () => {
  test('a button submits its form by default and is never disabled', () => {
    const html = render(<Button busy>Save</Button>)

    expect(html).toContain('type="submit"')
    expect(html).toContain('aria-disabled="true"')
    expect(html).not.toContain(' disabled')
  })

  test('a button keeps its label at once and shows its progress after a while', () => {
    expect(render(<Button busy>Save</Button>)).not.toContain('data-showing-busy')
  })

  test('a button with a target is a link', () => {
    expect(render(<ButtonLink to="/pricing">See prices</ButtonLink>)).toMatch(/<a class="button"[^>]*href="\/pricing"/)
  })
})

describe('ErrorSummary', () => {
  test('the summary is absent without errors', () => {
    expect(render(<ErrorSummary errors={[]} />)).toBe('')
  })

  test('the summary counts the errors and links each to its field', () => {
    const html = render(
      <ErrorSummary
        errors={[
          { field: 'email', message: 'Enter your email.' },
          { field: null, message: 'Try again.' },
        ]}
      />,
    )

    expect(html).toContain('There are 2 problems')
    expect(html).toContain('<a class="link" href="#email">Enter your email.</a>')
    expect(html).toMatch(/tabindex="-1".*role="alert"/)
  })
})

describe('amounts', () => {
  test('an addition is green and signed, and a deduction has words for screen readers', () => {
    expect(render(<Credits value={25} signed />)).toContain('text-credit')
    expect(renderText(<Credits value={25} signed />)).toBe('+25 credits')
    expect(renderText(<Credits value={-24} signed />)).toBe('minus \u221224 credits')
    expect(render(<Credits value={-24} signed />)).not.toContain('text-credit')
  })

  test('a debt is red, and an ordinary balance has no color', () => {
    expect(render(<Credits value={-160} />)).toContain('text-debt')
    expect(render(<Credits value={160} />)).not.toMatch(/text-(debt|credit)/)
  })

  test('money shows its currency, and a time has a machine-readable form', () => {
    expect(renderText(<Money amount={1800} currency="usd" />)).toBe('$18.00')
    expect(render(<Time at="2026-05-03T10:00:00.000Z">3 May 2026</Time>)).toContain(
      'dateTime="2026-05-03T10:00:00.000Z"',
    )
  })
})

test('a badge is words with a silent icon and no live region', () => {
  const html = render(<Badge tone="green">Active</Badge>)

  expect(renderText(<Badge tone="green">Active</Badge>)).toBe('Active')
  expect(html).toContain('aria-hidden')
  expect(html).not.toContain('role=')
})

test('the first notice is a banner, and the rest are folded', () => {
  const html = render(
    <PlanNotices
      plan="Daily"
      notices={[
        { tone: 'red', text: 'Spending is paused.', action: null },
        { tone: 'ochre', text: 'Daily ends.', action: null },
      ]}
    />,
  )

  expect(html.indexOf('Spending is paused.')).toBeLessThan(html.indexOf('1 more notice'))
  expect(html.indexOf('1 more notice')).toBeLessThan(html.indexOf('Daily ends.'))
  expect(render(<PlanNotices plan="Daily" notices={[]} />)).toBe('')
})

describe('Ledger', () => {
  const days = [
    {
      date: '2026-05-02',
      label: 'Sat 2 May',
      sum: -24,
      lines: [{ id: 'b', title: 'QR code', credits: -24, balance: 1 }],
    },
    {
      date: '2026-05-01',
      label: 'Fri 1 May',
      sum: 25,
      lines: [{ id: 'a', title: 'Welcome', credits: 25, balance: 25 }],
    },
  ]

  test('the ledger groups by day, with a sum per day and alternate shading', () => {
    const html = render(<Ledger days={days} caption="Entries" />)

    expect(html.match(/<tbody/g)).toHaveLength(2)
    expect(html.match(/<tbody data-band="true"/g)).toHaveLength(1)
    expect(html.match(/scope="rowgroup"/g)).toHaveLength(2)
  })

  test('the balance is left out where no entry can state it', () => {
    const without = days.map((day) => ({ ...day, lines: day.lines.map((line) => ({ ...line, balance: null })) }))

    expect(render(<Ledger days={days} />)).toContain('Balance after')
    expect(render(<Ledger days={without} />)).not.toContain('Balance after')
  })
})

test('a SumTable has its total in the foot', () => {
  const html = render(<SumTable rows={[{ label: 'A', value: '1' }]} total={{ label: 'Sum', value: '1' }} />)

  expect(html).toMatch(/<tfoot>.*Sum.*<\/tfoot>/)
})

test('RadioCards are radios in a fieldset with a legend', () => {
  const html = render(
    <RadioCards legend="Plan" name="plan" cards={[{ value: 'Daily', label: 'Daily' }]} defaultValue="Daily" />,
  )

  expect(html).toMatch(/<fieldset.*<legend[^>]*>Plan<\/legend>/)
  expect(html).toMatch(/<input[^>]*checked=""[^>]*>/)
})

test('a Page has one h1 in main', () => {
  const html = render(
    <Page title="Billing" lead="What you pay for.">
      <p>Text</p>
    </Page>,
  )

  expect(html).toMatch(/<main id="main"[^>]*>.*<h1>Billing<\/h1>/)
  expect(html.match(/<h1/g)).toHaveLength(1)
})

test('the test mode strip is shown in test mode only', () => {
  expect(render(<TestModeStrip sandboxUrl={null} />)).toBe('')
  expect(renderText(<TestModeStrip sandboxUrl="http://localhost:4242" />)).toContain('Test mode: no real money.')
})

test('no component writes a style attribute, which the content security policy would ignore', () => {
  const html = render(
    <Page title="All">
      <Field name="a" label="A" error="b" />
      <Button busy>Save</Button>
      <Badge tone="red">Paused</Badge>
      <Ledger days={[]} />
    </Page>,
  )

  expect(html).not.toContain('style=')
})
