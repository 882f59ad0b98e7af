import { useState } from 'react'
import { Button } from '#app/components/button.tsx'
import { useAnnounce } from '#app/components/status-region.tsx'
import { useHydrated } from '#app/components/use-hydrated.ts'

/** The new key, for the one time that it is shown. */
export function NewKey({ value }: { value: string }) {
  const hydrated = useHydrated()
  const announce = useAnnounce()
  const [copied, setCopied] = useState(false)

  async function copy() {
    await navigator.clipboard.writeText(value)
    setCopied(true)
    announce('Copied.')
  }

  return (
    <div className="grid gap-2 rounded-sheet border border-rule bg-sheet p-4">
      <p id="new-key-note">Copy it now. It will not be shown again.</p>
      <code className="break-all select-all" aria-describedby="new-key-note" data-testid="new-api-key">
        {value}
      </code>
      {hydrated ? (
        <Button type="button" kind="outline" className="justify-self-start" onClick={() => void copy()}>
          {copied ? 'Copied' : 'Copy'}
        </Button>
      ) : null}
    </div>
  )
}
