import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A network between an app and its database that loses and delays responses on request. */
export interface Proxy {
  /** The server's address through the proxy, without a database name. */
  uri: string
  /**
   * Lets the next command with all of these words through, and cuts the connection when the response arrives.
   * @returns whether that has happened
   */
  loseAnswerTo: (...words: string[]) => () => boolean
  /** Holds every response back; commands still reach the server. */
  holdAnswers: () => void
  /** Ends {@link holdAnswers}: the responses held back are lost with their connections. */
  release: () => void
  stop: () => Promise<void>
}

interface Link {
  client: Socket
  server: Socket
  losesAnswer: boolean
}

/** Starts a proxy in front of a server with one address. */
export async function startProxy(mongodbUri: string): Promise<Proxy> {
  const { hostname, port } = new URL(mongodbUri)
  const links = new Set<Link>()
  let awaited: { words: string[]; done: () => void } | null = null
  let isHolding = false

  const cut = (link: Link) => {
    links.delete(link)
    link.client.destroy()
    link.server.destroy()
  }
  const proxy = createServer((client) => {
    const link: Link = { client, server: connect(Number(port), hostname), losesAnswer: false }
    links.add(link)
    client.on('data', (chunk) => {
      // A command is short and arrives in one chunk, and BSON holds names in plain text.
      const text = chunk.toString('latin1')
      if (awaited?.words.every((word) => text.includes(word))) {
        link.losesAnswer = true
        awaited.done()
        awaited = null
      }
      link.server.write(chunk)
    })
    link.server.on('data', (chunk) => {
      if (link.losesAnswer) cut(link)
      else if (!isHolding) client.write(chunk)
    })
    for (const socket of [client, link.server]) {
      socket.on('error', () => cut(link))
      socket.on('close', () => cut(link))
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))

  return {
    uri: `mongodb://127.0.0.1:${(proxy.address() as AddressInfo).port}/?directConnection=true`,
    loseAnswerTo: (...words) => {
      let isDone = false
      awaited = { words, done: () => (isDone = true) }
      return () => isDone
    },
    holdAnswers: () => void (isHolding = true),
    release: () => {
      isHolding = false
      for (const link of [...links]) cut(link)
    },
    stop: async () => {
      for (const link of [...links]) cut(link)
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}
