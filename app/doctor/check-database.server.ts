import { isDeepStrictEqual } from 'node:util'
import mongoose from 'mongoose'
import { CreditAccountModel, creditAccountValidator } from '#models/credit-account.server.ts'
import { machineNow } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { checkIndexes, ensureIndexes } from '../database.server.ts'
import { error, type Finding, ok, warning } from './finding.ts'

/** Leases and locks use two clocks, which may differ by this much. */
const SKEW_MS = 5_000
const NAMED_MAX = 5

export async function checkDatabase(): Promise<Finding[]> {
  const { db } = mongoose.connection
  if (!db) throw new Error('There is no connection to the database')
  const before = machineNow().getTime()
  const { setName, msg, localTime }: mongoose.mongo.Document = await db.command({ hello: 1 })
  const middle = (before + machineNow().getTime()) / 2
  return [
    replication(setName !== undefined || msg === 'isdbgrid'),
    // The local engine, which is on this machine, does not say.
    ...(localTime instanceof Date ? [clock(localTime.getTime() - middle)] : []),
    indexes(await checkIndexes()),
    ...(await validator(db)),
  ]
}

function replication(isReplicated: boolean): Finding {
  if (isReplicated) return ok('The database is replicated.')
  if (config().isLocal) return ok('The database is one server, which is enough for local mode.')
  return warning('The database is one server, without replication.', {
    why: 'If its disk fails, confirmed data is lost, and while it is down no one can spend or get credits.',
    mend: 'Use a replica set of three members.',
  })
}

function clock(aheadMs: number): Finding {
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  if (Math.abs(aheadMs) <= SKEW_MS) return ok("The database's clock and this machine's clock agree.")
  return error(`The database's clock is ${seconds} seconds ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's.`, {
    why: 'Leases of mails and jobs end too early or too late, so work is done twice or waits.',
    mend: 'Synchronize both clocks (NTP).',
  })
}

function indexes(missing: string[]): Finding {
  if (missing.length === 0) return ok('Every index exists.')
  const rest = missing.length - NAMED_MAX
  const named = [...missing.slice(0, NAMED_MAX), ...(rest > 0 ? [`${rest} more`] : [])]
  return error(`Missing indexes: ${named.join(', ')}.`, {
    why: 'Unique data could be written twice, and lists get slow.',
    mend: 'Run "npm run indexes".',
    fix: async () => {
      await ensureIndexes()
      return 'Built the missing indexes.'
    },
  })
}

/** The local engine has no validators; the code makes the same checks. */
async function validator(db: mongoose.mongo.Db): Promise<Finding[]> {
  if (config().isLocal) return []
  const name = CreditAccountModel.collection.collectionName
  const [collection] = await db.listCollections({ name }, { nameOnly: false }).toArray()
  const { options } = (collection ?? {}) as { options?: { validator?: object } }
  if (isDeepStrictEqual(options?.validator, creditAccountValidator))
    return [ok('Credit accounts have their validator.')]
  return [
    error(`The collection ${name} lacks its validator.`, {
      why: 'A manual write could leave a balance that is not a whole number.',
      mend: 'Run "npm run indexes".',
      fix: async () => {
        await ensureIndexes()
        return 'Added the validator of credit accounts.'
      },
    }),
  ]
}
