import { checkoutBody } from '../billing/checkout/checkout-body.ts'
import { packs, plans } from '../billing/plans.ts'
import { checkoutAnswer } from './answers.ts'
import type { ApiCall } from './api-call.ts'
import { OF_AN_ACCOUNT } from './credits-calls.server.ts'
import { userAnswer } from './user-answer.ts'

const pack = packs[0]
/** Something that is sold, whatever the plan file has. */
const purchase = pack ? { pack: pack.id } : { plan: plans.find(({ prices }) => prices)?.name ?? '', interval: 'month' }

export const accountCalls: ApiCall[] = [
  {
    id: 'getUser',
    group: 'Account',
    method: 'GET',
    path: '/api/user',
    title: 'Get the account',
    about: 'Returns the account that the key belongs to, its plan, its balance and its payments.',
    answer: {
      status: 200,
      about: 'The account.',
      name: 'Account',
      schema: userAnswer,
      example: {
        user: {
          id: '6814a1c0f2b7d3e4a5968701',
          email: 'ada@example.com',
          name: 'Ada',
          plan: 'Free',
          features: { svgExport: false, apiAccess: true, prioritySupport: false },
          limits: { qrCodes: 20 },
          subscription: null,
        },
        credits: 25,
        held: 0,
        billingHistory: [],
      },
    },
    errors: OF_AN_ACCOUNT,
    example: {},
  },
  {
    id: 'createCheckout',
    group: 'Account',
    method: 'POST',
    path: '/api/checkout',
    title: 'Open a checkout',
    about:
      'Opens the page on which the customer pays for a plan or a pack, and returns its address. Send either a plan and its interval, or a pack. Nothing is bought until the customer has paid. The same Idempotency-Key returns the same page.',
    idempotencyKey: 'optional',
    body: { name: 'CheckoutRequest', schema: checkoutBody },
    answer: {
      status: 200,
      about: 'The page is open.',
      name: 'CheckoutAnswer',
      schema: checkoutAnswer,
      example: { url: 'https://checkout.stripe.com/c/pay/cs_test_a1B2c3' },
    },
    errors: [
      ...(['email_not_confirmed', 'plan_not_found', 'pack_not_found', 'pack_not_spendable'] as const),
      ...(['already_subscribed', 'idempotency_conflict', 'offer_unavailable', 'stripe_unavailable'] as const),
      ...OF_AN_ACCOUNT,
    ],
    example: { body: purchase },
  },
]
