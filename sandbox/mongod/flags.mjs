import { parseArgs } from 'node:util'

/** Flags without effect, because they describe what the engine does anyway. */
const ACCEPTED = ['noauth', 'quiet', 'journal', 'nojournal', 'directoryperdb', 'bind_ip_all', 'ipv6']
const REFUSED = { auth: 'authentication', replSet: 'replica sets', keyFile: 'authentication', tlsMode: 'TLS' }

/**
 * Parses the part of mongod's command line that applies to one engine on one machine.
 * @param {string[]} argv
 * @returns {{ port: number, dbPath: string, addresses: string[], version: boolean }}
 */
export function parseFlags(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      port: { type: 'string', default: '27017' },
      dbpath: { type: 'string', default: '/data/db' },
      bind_ip: { type: 'string', default: '127.0.0.1' },
      storageEngine: { type: 'string', default: 'wiredTiger' },
      version: { type: 'boolean', default: false },
      auth: { type: 'boolean' },
      replSet: { type: 'string' },
      keyFile: { type: 'string' },
      tlsMode: { type: 'string' },
      ...Object.fromEntries(ACCEPTED.map((name) => [name, { type: 'boolean', default: false }])),
    },
  })
  for (const [flag, what] of Object.entries(REFUSED)) {
    if (values[flag]) throw new Error(`--${flag}: the embedded engine has no ${what}; install mongod for that`)
  }
  if (values.storageEngine !== 'wiredTiger') throw new Error(`--storageEngine ${values.storageEngine}: only wiredTiger`)
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`--port ${values.port}: not a port`)
  return {
    port,
    dbPath: values.dbpath,
    addresses: values.bind_ip_all ? ['0.0.0.0'] : values.bind_ip.split(','),
    version: values.version,
  }
}
