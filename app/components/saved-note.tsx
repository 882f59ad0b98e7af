/**
 * "Saved." beside the button that saved, and nowhere else. It goes while the next attempt is on its way, so that screen
 * readers hear it again.
 */
export function SavedNote({ isSaved }: { isSaved: boolean }) {
  return <span role="status">{isSaved ? 'Saved.' : null}</span>
}
