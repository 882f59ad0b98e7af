import { z } from 'zod'

const print = z.object({ fingerprint: z.string().nullish() }).nullish()

const paymentMethodSchema = z
  .object({ livemode: z.boolean().default(false), card: print, sepa_debit: print, us_bank_account: print })
  .transform(({ livemode, card, sepa_debit: sepa, us_bank_account: bank }) => ({
    /** Identifies a card or account across customers; null if Stripe gives none. */
    fingerprint: card?.fingerprint ?? sepa?.fingerprint ?? bank?.fingerprint ?? null,
    /** Test cards are shared by everyone. */
    isLive: livemode,
  }))

/** The card or bank account of a payment method. */
export const readCard = (object: unknown) => paymentMethodSchema.parse(object)
