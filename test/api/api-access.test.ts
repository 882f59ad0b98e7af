import { expect, test } from 'vitest'
import { checkApiAccess } from '#app/actions/api-request.server.ts'
import { findPlan } from '#app/billing/plans.ts'

const free = findPlan('Free')
if (!free) throw new Error('no plan Free')
const withoutApi = { ...free, features: { ...free.features, apiAccess: false } }

test('an API key works on a plan with API access', () => {
  expect(() => checkApiAccess(free, 'api_key')).not.toThrow()
})

test('an API key on a plan without API access is refused with the feature’s name, and a browser is not', () => {
  expect(() => checkApiAccess(withoutApi, 'api_key')).toThrow(/^The API is part of /)
  expect(() => checkApiAccess(withoutApi, 'session')).not.toThrow()
})
