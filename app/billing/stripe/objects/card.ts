import { z } from 'zod'

const print = z.object({ fingerprint: z.string().nullish() }).nullish()

const paymentMethodSchema = z
  .object({ livemode: z.boolean().default(false), card: print, sepa_debit: print, us_bank_account: print })
  .transform(({ livemode, card, sepa_debit: sepa, us_bank_account: bank }) => ({
    /** The same for one card or account at all customers; null where Stripe gives none. */
    fingerprint: card?.fingerprint ?? sepa?.fingerprint ?? bank?.fingerprint ?? null,
    /** A test card belongs to everybody. */
    isLive: livemode,
  }))

/** Which card or bank account a payment method is. */
export const readCard = (object: unknown) => paymentMethodSchema.parse(object)
