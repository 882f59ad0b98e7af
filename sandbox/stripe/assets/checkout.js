/* global document, addEventListener */
// The page works without this script; with it a test card fills in the form without a request.
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

// Groups digits as on the card during typing, and keeps the caret behind the same digit.
const number = document.getElementById('number')
number?.addEventListener('input', () => {
  if (!/^[\d -]*$/.test(number.value)) return
  const before = number.value.slice(0, number.selectionStart).replaceAll(/\D/g, '').length
  number.value = number.value.replaceAll(/\D/g, '').replaceAll(/(\d{4})(?=\d)/g, '$1 ')
  const caret = before + Math.max(0, Math.floor((before - 1) / 4))
  number.setSelectionRange(caret, caret)
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
// A page restored from the back-forward cache can be submitted again.
addEventListener('pageshow', () => delete pay?.dataset.sent)
const errors = document.getElementById('errors')
errors?.focus()
