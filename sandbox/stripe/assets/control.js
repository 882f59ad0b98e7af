/* global document, location, sessionStorage, DOMParser */
// The page works without this script, by reloading. With it new events are announced, and follow mode loads them.
const fresh = document.getElementById('fresh')
const follow = document.getElementById('follow')
const label = document.getElementById('follow-label')
const health = document.getElementById('health')
const KEY = 'follow'

/** Reloads the line at the top when the number of waiting events changes, and nothing else. */
async function catchUp(waiting) {
  if (!health || String(waiting) === health.dataset.waiting) return
  const response = await fetch(location.href).catch(() => null)
  if (!response?.ok) return
  const now = new DOMParser().parseFromString(await response.text(), 'text/html').getElementById('health')
  if (!now) return
  health.replaceChildren(...now.childNodes)
  health.dataset.waiting = now.dataset.waiting
}

if (fresh && follow) {
  follow.hidden = label.hidden = false
  follow.checked = sessionStorage.getItem(KEY) === 'on'
  follow.addEventListener('change', () => sessionStorage.setItem(KEY, follow.checked ? 'on' : 'off'))
  setInterval(async () => {
    if (document.hidden) return
    const response = await fetch(`/_sandbox/pulse?since=${fresh.dataset.newest}`).catch(() => null)
    if (!response?.ok) return
    const { count, waiting } = await response.json()
    await catchUp(waiting)
    if (count === 0) return
    if (follow.checked) return location.reload()
    // Announced politely and once per change; the list itself does not move.
    const text = `${count} new event${count === 1 ? '' : 's'}`
    if (fresh.textContent === text) return
    fresh.textContent = text
    fresh.hidden = false
    document.getElementById('status').textContent = text
  }, 2000)
}
