import type { User } from '#models/user.server.ts'
import { findPrice, isTaggedAsOurs } from '../catalog/prices.server.ts'
import { NotReadyYet } from '../errors.ts'
import { ignored, type Outcome, unmatched } from '../outcome.ts'
import { isOurs } from '../stripe/client.server.ts'
import { retrieveCustomer } from '../stripe/retrieve-customer.server.ts'
import { findUserByCustomer, linkCustomer, readUser } from './users.server.ts'

interface Belonging {
  customerId: string | null
  /** The object's metadata. */
  metadata: Record<string, string>
  /** The user ID it names outside its metadata. */
  userId?: string | null
}

/**
 * The user that a Stripe object belongs to. Links the object's customer to the user.
 * @returns null when it belongs to another app on the same Stripe account: that is nothing to retry
 * @throws NotReadyYet when it carries our tag and the user is not here (yet)
 */
export async function resolveUser({ customerId, metadata, userId }: Belonging): Promise<User | null> {
  // Another installation, or another app: even if the customer was copied from there.
  if (metadata.app && !isOurs(metadata)) return null
  // Anyone can put a `client_reference_id` into another app's payment link; metadata comes from the object's creator.
  const named = (isOurs(metadata) ? userId : null) ?? metadata.userId
  const known = await findUserByCustomer(customerId, named)
  const tag = known ? metadata : { ...(await customerTag(customerId)), ...metadata }
  const owner = known ?? (await findUserByCustomer(customerId, isOurs(tag) || !tag.app ? tag.userId : null))
  if (!owner) {
    if (isOurs(tag)) throw new NotReadyYet(`Customer ${customerId ?? 'none'} is tagged as ours and has no user`)
    return null
  }
  if (!customerId || owner.stripeCustomerId) return owner
  await linkCustomer(owner._id, customerId)
  return readUser(owner._id)
}

/**
 * The outcome for a Stripe object without a matching user: ignored if it is tagged for another app or sells nothing of
 * ours (such as an object made by `stripe trigger`); otherwise listed for review.
 * @param name the object's, as the sentence begins
 * @param sold what it sells
 */
export async function unmatchedOutcome(
  { customerId, metadata }: Belonging,
  name: string,
  sold: readonly { priceId: string | null }[],
): Promise<Outcome> {
  const { app } = { ...(await customerTag(customerId)), ...metadata }
  if (app && !isOurs({ app })) return ignored(`${name} belongs to ${app}.`)
  if (!app && !(await areOurs(sold))) return ignored(`${name} has no tag of ours and sells nothing of ours.`)
  return unmatched(`${name} belongs to customer ${customerId ?? 'none'}, which matches no user.`)
}

async function areOurs(sold: readonly { priceId: string | null }[]): Promise<boolean> {
  for (const { priceId: id } of sold) {
    if (id !== null && ((await findPrice(id)) !== null || (await isTaggedAsOurs(id)))) return true
  }
  return false
}

async function customerTag(customerId: string | null): Promise<Record<string, string>> {
  return (await retrieveCustomer(customerId))?.metadata ?? {}
}
