import { database } from './installation.ts'

interface ServerStatus {
  metrics: { commands: Record<string, { total?: number | { toString(): string } } | number> }
}

/** Everything that reads or writes documents; what drivers and jobs send besides does not count. */
const COUNTED = ['find', 'insert', 'update', 'delete', 'findAndModify', 'aggregate', 'count', 'bulkWrite', 'getMore']

/** How many commands the database has executed, of all processes. */
export async function commandCount(): Promise<number> {
  const { metrics } = (await database().admin().serverStatus()) as unknown as ServerStatus
  return COUNTED.reduce((sum, name) => {
    const command = metrics.commands[name]
    return sum + (typeof command === 'object' ? Number(command.total ?? 0) : 0)
  }, 0)
}
