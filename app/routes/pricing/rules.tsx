/** What buyers ask, one sentence each. */
const RULES = [
  ['Unused credits', 'They roll over to the next month, unless the plan above says otherwise.'],
  ['Which credits are used first', 'Those that expire soonest; then free credits before credits you paid for.'],
  [
    'Changing plans',
    'A larger plan starts at once and you pay only the difference; a smaller one starts at the next renewal.',
  ],
  ['Canceling', 'Cancel any time. Your plan stays active until the period ends, and you keep your credits after that.'],
  ['Refunds', 'A refund also takes back the same share of the credits that came with the payment.'],
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
