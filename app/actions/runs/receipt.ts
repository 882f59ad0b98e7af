import { formatCredits } from '../../format.ts'

interface Charged {
  status: 'running' | 'ran' | 'done' | 'failed'
  /** Credits that were quoted and held. */
  credits: number
  creditsSpent: number | null
  failure: string | null
}

/** What a run cost, in one sentence: "Quoted 12, held 12, charged 9, 3 returned." */
export function receiptOf({ status, credits, creditsSpent, failure }: Charged): string {
  const held = `Quoted ${formatCredits(credits)}, held ${formatCredits(credits)}`
  if (status === 'failed') return `Not charged: ${lowerFirst(failure ?? 'It did not work.')}`
  if (status !== 'done') return `${held}.`
  const spent = creditsSpent ?? 0
  const returned = credits - spent
  return `${held}, charged ${formatCredits(spent)}${returned > 0 ? `, ${formatCredits(returned)} returned` : ''}.`
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
