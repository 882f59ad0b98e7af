import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** What the server does with one mail. */
export type Reaction =
  | 'accept'
  /** Says no to the recipient, or to the content. */
  | { refuse: 'RCPT' | 'DATA'; code: number }
  /** Goes away before it has asked for the content. */
  | 'drop_before_content'
  /** Takes the mail, then goes away without an answer. */
  | 'take_and_drop'
  | 'take_and_stay_silent'

export interface ReceivedMail {
  from: string
  to: string[]
  /** As received, without the dots that the protocol adds. */
  raw: string
  /** Unfolded, with names in lower case. */
  headers: [name: string, value: string][]
}

export interface SmtpServer {
  url: string
  /** Every mail that was accepted, whether or not the sender got the response. */
  taken: ReceivedMail[]
  /** What happens to the next mails; `accept` by default. */
  react: (reaction: (mailsBefore: number) => Reaction) => void
  /** Called when a mail was accepted, before the response. */
  onTaken: (listener: (mail: ReceivedMail) => void) => void
  close: () => Promise<void>
}

/** A mail server on the loopback interface with a minimum of SMTP. */
export async function startSmtpServer(): Promise<SmtpServer> {
  const state: SmtpState = { taken: [], reaction: () => 'accept', tries: 0, listener: () => {} }
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    converse(socket, state)
  })
  const port = await listen(server)
  return {
    url: `smtp://127.0.0.1:${port}`,
    taken: state.taken,
    react: (reaction) => {
      state.reaction = reaction
      state.tries = 0
    },
    onTaken: (listener) => {
      state.listener = listener
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

interface SmtpState {
  taken: ReceivedMail[]
  reaction: (mailsBefore: number) => Reaction
  tries: number
  listener: (mail: ReceivedMail) => void
}

function converse(socket: Socket, state: SmtpState): void {
  let from = ''
  let to: string[] = []
  let reaction: Reaction = 'accept'
  let content: string[] | null = null
  const say = (line: string) => socket.write(`${line}\r\n`)

  const finishContent = (lines: string[]) => {
    if (typeof reaction === 'object' && reaction.refuse === 'DATA') return say(`${reaction.code} not this one`)
    const mail = receivedMail(from, to, lines)
    state.taken.push(mail)
    state.listener(mail)
    if (reaction === 'take_and_stay_silent') return
    return reaction === 'take_and_drop' ? socket.destroy() : say('250 taken')
  }

  const command = (line: string) => {
    const verb = line.slice(0, 4).toUpperCase()
    switch (verb) {
      case 'EHLO':
      case 'HELO':
        return say('250 loopback')
      case 'MAIL':
        from = line
        to = []
        reaction = state.reaction(state.tries++)
        return say('250 ok')
      case 'RCPT':
        if (reaction === 'drop_before_content') return socket.destroy()
        if (typeof reaction === 'object' && reaction.refuse === 'RCPT') return say(`${reaction.code} not them`)
        to.push(/<([^>]*)>/.exec(line)?.[1] ?? '')
        return say('250 ok')
      case 'DATA':
        content = []
        return say('354 go on')
      case 'QUIT':
        say('221 bye')
        return socket.end()
      default:
        return say('250 ok')
    }
  }

  let rest = ''
  socket.setEncoding('utf8')
  say('220 loopback')
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\r\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (content === null) command(line)
      else if (line === '.') {
        const finished = content
        content = null
        finishContent(finished)
      } else content.push(line.replace(/^\./, ''))
    }
  })
}

function receivedMail(from: string, to: string[], lines: string[]): ReceivedMail {
  const raw = lines.join('\r\n')
  const [head = ''] = raw.split('\r\n\r\n')
  const headers = head
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    })
  return { from, to, raw, headers }
}

/** The values of a header of that name. */
export function headerOf(mail: ReceivedMail | undefined, name: string): string[] {
  return mail?.headers.filter(([candidate]) => candidate === name).map(([, value]) => value) ?? []
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}
