import http from 'node:http'

export interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

interface Call {
  method?: string
  headers?: Record<string, string>
  body?: string
  /** Takes the body piece by piece instead of keeping it. */
  onData?: (chunk: Buffer) => void
  signal?: AbortSignal
}

/** Requests over connections that stay open. Lighter than fetch: what the client uses is missing for what is measured. */
export class HttpClient {
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 512 })

  send(url: string, { method = 'GET', headers, body, onData, signal }: Call = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request(url, { method, headers, signal, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', onData ?? ((chunk: Buffer) => chunks.push(chunk)))
        response.on('error', reject)
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
        })
      })
      request.on('error', reject)
      request.end(body)
    })
  }

  /**
   * The same for a call that has to work.
   * @throws Error when the status is not 200
   */
  async expect(url: string, call?: Call): Promise<Answer> {
    const answer = await this.send(url, call)
    if (answer.status !== 200) {
      throw new Error(`${url} answered ${answer.status}: ${answer.body.toString().slice(0, 300)}`)
    }
    return answer
  }

  close(): void {
    this.#agent.destroy()
  }
}
