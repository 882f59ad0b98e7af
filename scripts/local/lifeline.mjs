/**
 * Loaded into a child with --import: the parent holds the other end of this process's stdin, so its closing means that
 * the parent is gone, even if it was killed without a chance to say so.
 */
const STOP_MS = 30_000

process.stdin.on('error', () => {})
process.stdin.once('close', () => {
  setTimeout(() => process.exit(1), STOP_MS).unref()
  process.kill(process.pid, 'SIGTERM')
})
process.stdin.resume()
process.stdin.unref()
