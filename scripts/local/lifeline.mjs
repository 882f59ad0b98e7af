/**
 * Loaded into a child with --import: the parent holds the other end of this process's stdin, which closes when
 * the parent exits, even if it is killed.
 */
const STOP_MS = 30_000

process.stdin.on('error', () => {})
process.stdin.once('close', () => {
  setTimeout(() => process.exit(1), STOP_MS).unref()
  process.kill(process.pid, 'SIGTERM')
})
process.stdin.resume()
process.stdin.unref()
