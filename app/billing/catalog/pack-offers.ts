import { formatCredits, formatMoney } from '../../format.ts'
import { packs } from '../plans.ts'

/** A pack for sale, in words. */
export interface PackWords {
  id: string
  credits: string
  price: string
  /** The price per 100 credits. */
  unitPrice: string
}

/** Every pack, in the order of the plan file. */
export function packsInWords(): PackWords[] {
  return packs.map(({ id, credits, price }) => ({
    id,
    credits: formatCredits(credits),
    price: formatMoney(price.amount, price.currency),
    unitPrice: formatMoney(Math.round((price.amount / credits) * 100), price.currency),
  }))
}
