import net from 'node:net'
import { Refusal } from './project.mjs'

const LOOK_AT = 20

/**
 * @param {number} port 0 for any that is free
 * @returns {Promise<number | null>}
 */
function tryPort(port) {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.once('error', () => resolve(null))
    server.listen({ port, host: '127.0.0.1' }, () => {
      const { port: got } = server.address()
      server.close(() => resolve(got))
    })
  })
}

/** @param {number} port */
export async function isFree(port) {
  return (await tryPort(port)) !== null
}

/**
 * A free port.
 * @returns {Promise<number>}
 */
export async function anyFreePort() {
  const port = await tryPort(0)
  if (port === null) throw new Error('this machine has no free port')
  return port
}

/**
 * The port to use: the requested one, or the default, or if that is taken the next free one.
 * @param {{ variable: string, fallback: number, given?: string, strict?: boolean }} wanted `strict`: take no other
 */
export async function choosePort({ variable, fallback, given, strict = Boolean(given) }) {
  const wanted = Number(given || fallback)
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535)
    throw new Refusal(`${variable}=${given} is not a port.`)
  if (wanted === 0) return anyFreePort()
  if (await isFree(wanted)) return wanted
  if (strict) throw new Refusal(portTaken(variable, wanted))
  for (let port = wanted + 1; port <= wanted + LOOK_AT; port++) if (await isFree(port)) return port
  return anyFreePort()
}

/** @param {string} variable @param {number} port */
export function portTaken(variable, port) {
  return `Port ${port} is taken by another program. Choose another one: ${variable}=${port + 1}`
}
