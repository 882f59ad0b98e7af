/** What buyers ask, one sentence each. */
const RULES = [
  ['Unused credits', 'What you do not use in a month stays with you, unless your plan says otherwise above.'],
  ['Burn order', 'Credits that expire soonest are spent first; gifts go before what you paid for.'],
  [
    'Changing',
    'A larger plan starts at once and you pay only the difference; a smaller one starts at the next renewal.',
  ],
  ['Canceling', 'You cancel with two presses; the plan runs to its end, and your credits are yours after that too.'],
  ['Refunds', 'A refund takes back the same share of the credits that came with the payment.'],
] as const

export function Rules() {
  return (
    <dl className="grid max-w-text gap-4">
      {RULES.map(([term, text]) => (
        <div key={term}>
          <dt className="font-semibold">{term}</dt>
          <dd className="text-ink-2">{text}</dd>
        </div>
      ))}
    </dl>
  )
}
