import { invalidRequest, noSuch, missingParameter } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { newId, randomText } from '../core/ids.ts'
import { find } from '../core/lookup.ts'
import { endpoint, listEndpoint, retrieveEndpoint } from '../http/endpoint.ts'
import {
  atLeast,
  decimal,
  flag,
  hash,
  ignored,
  integer,
  list,
  mergeMetadata,
  metadata,
  oneOf,
  range,
  required,
  text,
} from '../http/params.ts'
import { currencyOf } from './price-data.ts'

export const coupons = [
  endpoint(
    'POST /v1/coupons',
    {
      id: text,
      amount_off: atLeast(1),
      percent_off: decimal,
      currency: text,
      duration: oneOf('forever', 'once', 'repeating'),
      duration_in_months: atLeast(1),
      max_redemptions: atLeast(1),
      metadata,
      name: text,
      redeem_by: integer,
      applies_to: hash({ products: list(text) }),
      currency_options: ignored,
    },
    ({ world, params }) => {
      const { amount_off, percent_off, currency, duration = 'once' } = params
      if ((amount_off === undefined) === (percent_off === undefined))
        throw invalidRequest('You must pass either percent_off or amount_off, and not both.', 'percent_off')
      if (percent_off !== undefined && (percent_off <= 0 || percent_off > 100))
        throw invalidRequest('Invalid percent_off: must be above 0 and at most 100', 'percent_off')
      if (amount_off !== undefined && !currency)
        throw invalidRequest('You must pass currency when passing amount_off.', 'currency', 'parameter_missing')
      if (duration === 'repeating' && !params.duration_in_months)
        throw invalidRequest(
          'You must specify a duration_in_months if duration is repeating.',
          'duration_in_months',
          'parameter_missing',
        )
      if (params.id && world.tables.coupons.get(params.id))
        throw invalidRequest('Coupon already exists.', 'id', 'resource_already_exists')
      const coupon = world.tables.coupons.insert({
        id: params.id ?? randomText(8),
        object: 'coupon',
        amount_off: amount_off ?? null,
        ...(params.applies_to?.products && { applies_to: { products: params.applies_to.products } }),
        created: world.clock.now(),
        currency: currency ? currencyOf(currency) : null,
        duration,
        duration_in_months: params.duration_in_months ?? null,
        livemode: false,
        max_redemptions: params.max_redemptions ?? null,
        metadata: params.metadata ?? {},
        name: params.name ?? null,
        percent_off: percent_off ?? null,
        redeem_by: params.redeem_by ?? null,
        times_redeemed: 0,
        valid: true,
      })
      emit(world, 'coupon.created', coupon)
      return coupon
    },
  ),
  endpoint('GET /v1/coupons/:id', {}, ({ world, id }) => {
    if (world.tables.deletedCoupons.get(id)) throw noSuch('coupon', id, 'id')
    return find(world.tables.coupons, id)
  }),
  endpoint('POST /v1/coupons/:id', { metadata, name: text, currency_options: ignored }, ({ world, id, params }) => {
    const before = find(world.tables.coupons, id)
    const after = world.tables.coupons.update(id, {
      ...(params.name && { name: params.name }),
      metadata: mergeMetadata(before.metadata ?? {}, params.metadata),
    })
    emit(world, 'coupon.updated', after, before)
    return after
  }),
  endpoint('DELETE /v1/coupons/:id', {}, ({ world, id }) => {
    const coupon = find(world.tables.coupons, id)
    // Existing discounts keep their coupon, which can no longer be redeemed.
    world.tables.coupons.update(id, { valid: false, max_redemptions: coupon.times_redeemed })
    if (!world.tables.deletedCoupons.get(id)) world.tables.deletedCoupons.insert({ id })
    emit(world, 'coupon.deleted', coupon)
    return { id, object: 'coupon', deleted: true }
  }),
  listEndpoint('GET /v1/coupons', 'coupons', { created: range }),
]

const restrictions = hash({
  first_time_transaction: flag,
  minimum_amount: integer,
  minimum_amount_currency: text,
  currency_options: ignored,
})

export const promotionCodes = [
  endpoint(
    'POST /v1/promotion_codes',
    {
      promotion: hash({ type: required(oneOf('coupon')), coupon: text }),
      coupon: text,
      active: flag,
      code: text,
      customer: text,
      expires_at: integer,
      max_redemptions: atLeast(1),
      metadata,
      restrictions,
    },
    ({ world, params }) => {
      const id = params.promotion?.coupon ?? params.coupon
      if (!id) throw missingParameter('promotion')
      const coupon = find(world.tables.coupons, id, 'coupon')
      const code = params.code ?? randomText(8).toUpperCase()
      if (
        world.tables.promotionCodes.filter((row) => row.active && row.code.toUpperCase() === code.toUpperCase())
          .length > 0
      )
        throw invalidRequest(
          'An active promotion code with `code: ' + code + '` already exists.',
          'code',
          'resource_already_exists',
        )
      const row = world.tables.promotionCodes.insert({
        id: newId('promo'),
        object: 'promotion_code',
        active: params.active ?? true,
        code,
        created: world.clock.now(),
        customer: params.customer ?? null,
        customer_account: null,
        expires_at: params.expires_at ?? null,
        livemode: false,
        max_redemptions: params.max_redemptions ?? null,
        metadata: params.metadata ?? {},
        promotion: { coupon: coupon.id, type: 'coupon' },
        restrictions: {
          first_time_transaction: params.restrictions?.first_time_transaction ?? false,
          minimum_amount: params.restrictions?.minimum_amount ?? null,
          minimum_amount_currency: params.restrictions?.minimum_amount_currency ?? null,
        },
        times_redeemed: 0,
      })
      emit(world, 'promotion_code.created', row)
      return row
    },
  ),
  retrieveEndpoint('GET /v1/promotion_codes/:id', 'promotionCodes'),
  endpoint(
    'POST /v1/promotion_codes/:id',
    { active: flag, metadata, restrictions: ignored },
    ({ world, id, params }) => {
      const before = find(world.tables.promotionCodes, id)
      const after = world.tables.promotionCodes.update(id, {
        ...(params.active !== undefined && { active: params.active }),
        metadata: mergeMetadata(before.metadata ?? {}, params.metadata),
      })
      emit(world, 'promotion_code.updated', after, before)
      return after
    },
  ),
  listEndpoint(
    'GET /v1/promotion_codes',
    'promotionCodes',
    { active: flag, code: text, coupon: text, created: range, customer: ignored },
    {
      by: {
        code: (row, code) => row.code.toUpperCase() === code.toUpperCase(),
        coupon: (row, coupon) => row.promotion.coupon === coupon,
      },
    },
  ),
]
