import mongoose, { type mongo } from 'mongoose'

const ONLY_CONNECTION = new Set(['hello', 'ping', 'endSessions', 'saslStart', 'saslContinue'])

/**
 * Runs some work and lists the database commands it sent, as "find credit_entries", in their order. The connection must have
 * been opened with `monitorCommands`.
 */
export async function commandsOf(run: () => Promise<unknown>): Promise<string[]> {
  const client = mongoose.connection.getClient()
  const sent: string[] = []
  const note = ({ commandName, command }: mongo.CommandStartedEvent) => {
    if (!ONLY_CONNECTION.has(commandName)) sent.push(`${commandName} ${String(command[commandName])}`)
  }
  client.on('commandStarted', note)
  try {
    await run()
  } finally {
    client.off('commandStarted', note)
  }
  return sent
}
