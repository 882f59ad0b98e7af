/* global document, addEventListener */
// The page works without this script; with it a test card fills the form without a round trip.
const set = (id, value) => {
  const field = document.getElementById(id)
  if (field && value) field.value = value
}
for (const button of document.querySelectorAll('button[data-number]'))
  button.addEventListener('click', (event) => {
    event.preventDefault()
    const number = button.dataset.number
    set('number', number)
    set('expiry', '12 / 34')
    set('cvc', number.startsWith('3') ? '1234' : '123')
    for (const [id, value] of Object.entries({
      name: 'Ada Lovelace',
      line1: '1 Main Street',
      postal_code: '12345',
      city: 'Springfield',
    }))
      if (!document.getElementById(id)?.value) set(id, value)
    document.querySelector('button[name=pay]').focus()
  })

const pay = document.querySelector('form.payment')
pay?.addEventListener('submit', (event) => {
  if (pay.dataset.sent) return event.preventDefault()
  if (event.submitter?.name !== 'pay') return
  pay.dataset.sent = 'yes'
  const button = event.submitter
  setTimeout(() => {
    button.setAttribute('aria-disabled', 'true')
    button.textContent = 'Working…'
  }, 400)
})
// A page that comes back from the browser's memory can be sent again.
addEventListener('pageshow', () => delete pay?.dataset.sent)
const errors = document.getElementById('errors')
errors?.focus()
