/* global document, location, sessionStorage */
// The page works without this script, by reloading. With it new events announce themselves, and follow mode loads them.
const fresh = document.getElementById('fresh')
const follow = document.getElementById('follow')
const label = document.getElementById('follow-label')
const KEY = 'follow'

if (fresh && follow) {
  follow.hidden = label.hidden = false
  follow.checked = sessionStorage.getItem(KEY) === 'on'
  follow.addEventListener('change', () => sessionStorage.setItem(KEY, follow.checked ? 'on' : 'off'))
  setInterval(async () => {
    if (document.hidden) return
    const response = await fetch(`/_sandbox/pulse?since=${fresh.dataset.newest}`).catch(() => null)
    if (!response?.ok) return
    const { count } = await response.json()
    if (count === 0) return
    if (follow.checked) return location.reload()
    // Said politely and once per change; the list under the reader's pointer stays where it is.
    const text = `${count} new event${count === 1 ? '' : 's'}`
    if (fresh.textContent === text) return
    fresh.textContent = text
    fresh.hidden = false
    document.getElementById('status').textContent = text
  }, 2000)
}
