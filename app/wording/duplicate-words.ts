import { formatCreditsInWords, formatMoney } from '../format.ts'

interface Duplicate {
  plan: string
  keptPlan: string
  /** Minor units. */
  amount: number
  currency: string
  credits: number
}

/** Two plans were bought and one was canceled: for the mail, the billing page and the page after checkout. */
export function duplicateInWords({ plan, keptPlan, amount, currency, credits }: Duplicate): string[] {
  const what = plan === keptPlan ? `You bought ${plan} twice.` : `You bought ${plan} and ${keptPlan}.`
  const which =
    plan === keptPlan ? `one ${plan} stays and the other was canceled` : `${keptPlan} stays and ${plan} was canceled`
  const money =
    amount > 0
      ? `${formatMoney(amount, currency)} was credited to your account balance. It pays your next invoices.`
      : 'Nothing more is charged for the canceled plan.'
  const taken = credits > 0 ? [`The ${formatCreditsInWords(credits)} that this money had bought were removed.`] : []
  return [`${what} An account has one plan, so ${which}.`, money, ...taken]
}
