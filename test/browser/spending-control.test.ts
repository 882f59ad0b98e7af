import { expect, test } from 'vitest'
import { newPage, useBrowser } from '#test/setup/browser.ts'
import { expectFaultless, listenFor } from './faults-of-page.ts'
import { choosePlan, expectSoon, payWith, signUp } from './steps.ts'

/* What a customer does to keep spending under control: a pause, caps, and automatic top-up. */
useBrowser()

test.each([true, false])('spending can be paused, capped and resumed; JavaScript: %s', async (javaScriptEnabled) => {
  const page = await newPage({ viewport: { width: 390, height: 844 }, javaScriptEnabled })
  const main = page.getByRole('main')
  await signUp(page)

  await page.goto('/settings/spending')
  await page.getByRole('button', { name: 'Pause spending' }).click()
  await main.getByRole('heading', { name: 'Spending is paused' }).waitFor()
  await page.goto('/actions/qr-code')
  await main.getByText('You paused all spending.').waitFor()
  await main.getByRole('link', { name: 'Resume spending' }).click()
  await page.getByRole('button', { name: 'Resume spending' }).click()
  await main.getByRole('heading', { name: 'Pause all spending' }).waitFor()

  await page.getByLabel('Credits a day').fill('0')
  await page.getByRole('button', { name: 'Save' }).click()
  await main.getByText('Enter a whole number from 1').first().waitFor()
  await page.getByLabel('Credits a day').fill('1')
  await page.getByRole('button', { name: 'Save' }).click()
  await main.getByText('0 of 1 used today').waitFor()
  // axe is a script.
  if (javaScriptEnabled) await expectFaultless(page)

  for (const text of ['one', 'two']) {
    await page.goto('/actions/qr-code')
    await page.getByLabel('Text or web address').fill(text)
    await page.getByRole('button', { name: /Spend 1 credit/ }).click()
    if (text === 'one') await main.getByText(/1 credit was spent/).waitFor()
  }
  await main.getByText(/would pass your cap of 1 credit a day: 1 is used/).waitFor()
  await main.getByRole('link', { name: 'Change the cap' }).click()
  await page.getByLabel('Credits a day').waitFor()
})

test('automatic top-up is reviewed, turned on, buys, and is turned off', async () => {
  const page = await newPage({ viewport: { width: 1280, height: 900 } })
  const complaints = listenFor(page)
  const main = page.getByRole('main')
  await signUp(page)
  await page.goto('/billing/top-up')
  await main.getByText('There is no card on file.').waitFor()

  await choosePlan(page, 'Beginner', 'month')
  await payWith(page, '4242 4242 4242 4242')
  await page
    .getByText(/credits added/)
    .first()
    .waitFor()
  await expectSoon(page, /4242/, '/billing')
  await page.getByRole('link', { name: 'Buy automatically' }).click()
  await page.getByLabel('When the balance falls below').fill('2000')
  await page.getByLabel('At most this many times a month').fill('1')
  await page.getByLabel('At most this much money a month').fill('3')
  await page.getByRole('button', { name: 'Review' }).click()
  await main.getByText('This is less than the pack costs.').first().waitFor()
  await page.getByLabel('At most this much money a month').fill('6')
  await page.getByRole('button', { name: 'Review' }).click()
  await main.getByText(/we charge Visa ending in 4242 \$6.00 for 500 credits/).waitFor()
  await main.getByText(/so \$6.00 is charged as soon as you turn this on/).waitFor()
  await expectFaultless(page)
  await page.getByRole('button', { name: 'Turn on automatic top-up' }).click()

  await expectSoon(page, /1 of 1 top-ups, \$6.00 of \$6.00/, '/billing/top-up')
  await expectFaultless(page)
  expect(complaints()).toEqual([])
  await page.getByRole('button', { name: 'Turn off' }).click()
  await main.getByRole('heading', { name: 'Terms' }).waitFor()
})
