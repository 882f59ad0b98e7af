import type { PlanStatus } from '#app/plan-status/plan-status.ts'

/**
 * What was done on the page before. It is said only if it is true: anyone can write the word in the address.
 */
export function doneSentence(done: string | null, standing: PlanStatus): string | null {
  const next = standing.next
  switch (done) {
    case 'ended':
      return standing.isLive ? null : 'Your plan has ended. There are no more payments.'
    case 'too-late':
      return next?.term === 'Ends on'
        ? `Your payment went through before it could be canceled. ${standing.plan} stays active until ${next.value} and then ends. It does not renew.`
        : null
    case 'no-plan':
      return standing.isLive ? null : 'You have no plan to cancel.'
    case 'resumed':
      if (next?.term !== 'Renews on') return null
      return standing.amount
        ? `Your ${standing.plan} plan continues. The next payment is ${standing.amount} on ${next.value}.`
        : `Your ${standing.plan} plan continues.`
    case 'undone':
      return standing.isLive ? `Your ${standing.plan} plan continues.` : null
    case 'restarted':
      return next?.term === 'Renews on' ? `Your ${standing.plan} plan continues. It is paid until ${next.value}.` : null
    case 'changed':
      return standing.isLive ? `You are on ${standing.plan} now.` : null
    default:
      return null
  }
}
