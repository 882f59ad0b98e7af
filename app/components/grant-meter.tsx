/** What is left of a grant, as a bar; nothing for one that has not started. The text beside it says the same. */
export function GrantMeter({ name, share }: { name: string; share: { value: number; max: number } | null }) {
  if (share === null) return null
  return (
    <meter className="mt-2" min={0} max={share.max} value={share.value} aria-label={`Left of ${name}`}>
      {share.value} of {share.max}
    </meter>
  )
}
