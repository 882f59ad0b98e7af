import type { AppProcess } from '#test/setup/app-processes.ts'
import type { HttpClient } from './http-client.ts'
import type { Subject } from './pages.ts'
import { residentMiB } from './process-usage.ts'
import { count, type Line, printTable } from './report.ts'

const NEWLINE = 10
const SAMPLE_MS = 50
/** Longer than this, the download is stopped and its rows so far count. */
const PATIENCE_MS = 40_000

/** The export of the ledger: rows per second, and whether a longer one takes more memory. */
export async function benchCsv(app: AppProcess, client: HttpClient, subjects: Subject[]): Promise<void> {
  // The first one warms the code and fills the heap as any export does.
  for (const subject of subjects.slice(0, 1)) await download(app, client, subject)
  const lines: Line[] = []
  for (const subject of subjects) {
    const { rows, seconds, growth, isWhole } = await download(app, client, subject)
    if (isWhole && rows < subject.entries) throw new Error(`The CSV has ${rows} of ${subject.entries} rows`)
    const memory = growth === null ? 'memory unknown: no /proc' : `peak memory +${count(growth)} MiB`
    const note = isWhole ? memory : `${memory}; stopped after ${count(rows)} rows`
    lines.push({ name: `${count(subject.entries)} entries`, value: `${count(rows / seconds)} rows/s`, note })
  }
  printTable('CSV of the ledger: memory should not grow with its length', lines)
}

async function download(app: AppProcess, client: HttpClient, { headers }: Subject) {
  const before = residentMiB(app.pid)
  let peak = before ?? 0
  const sampling = setInterval(() => (peak = Math.max(peak, residentMiB(app.pid) ?? 0)), SAMPLE_MS)
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const started = performance.now()
  // Without the line of column names.
  let rows = -1
  const onData = (chunk: Buffer) => {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) rows++
  }
  try {
    await client.expect(`${app.url}/usage/csv`, { headers, onData, signal })
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    clearInterval(sampling)
  }
  const seconds = (performance.now() - started) / 1_000
  return { rows, seconds, isWhole: !signal.aborted, growth: before === null ? null : peak - before }
}
