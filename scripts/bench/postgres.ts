import type { Types } from 'mongoose'
import pg from 'pg'
import { CREDITS } from './customers.ts'
import type { Contender } from './side-by-side.ts'

/** The same spend in PostgreSQL, in a new schema. */
export interface Postgres {
  contenders: Contender[]
  /** Drops the schema. */
  close(): Promise<void>
}

/** Uses the server of BENCH_POSTGRES_URI. @returns null where it is not set */
export async function startPostgres(accountIds: Types.ObjectId[]): Promise<Postgres | null> {
  const connectionString = process.env.BENCH_POSTGRES_URI
  if (!connectionString) return null
  const schema = `bench_${process.pid}_${Date.now()}`
  // As many connections as the MongoDB driver has.
  const pool = new pg.Pool({ connectionString, max: 50, options: `-c search_path=${schema}` })
  const ids = accountIds.map((id) => id.toHexString())
  await pool.query(`
    CREATE SCHEMA ${schema};
    CREATE TABLE accounts (id text PRIMARY KEY, credits bigint NOT NULL CHECK (credits >= 0));
    CREATE TABLE ledger (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      account_id text NOT NULL, key text NOT NULL UNIQUE, amount bigint NOT NULL, balance bigint NOT NULL,
      action text NOT NULL, at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX ON ledger (account_id, at DESC)`)
  await pool.query('INSERT INTO accounts SELECT unnest($1::text[]), $2', [ids, CREDITS])
  return {
    contenders: [
      {
        name: 'PostgreSQL, update and insert in a transaction',
        run: (n) => inTransaction(pool, ids[n % ids.length]!, `bench-${n}`),
      },
    ],
    close: async () => {
      await pool.query(`DROP SCHEMA ${schema} CASCADE`)
      await pool.end()
    },
  }
}

async function inTransaction(pool: pg.Pool, accountId: string, key: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const { rows } = await client.query<{ credits: string }>({
      name: 'spend',
      text: 'UPDATE accounts SET credits = credits - 1 WHERE id = $1 AND credits >= 1 RETURNING credits',
      values: [accountId],
    })
    await client.query({
      name: 'record',
      text: "INSERT INTO ledger (account_id, key, amount, balance, action) VALUES ($1, $2, -1, $3, 'bench')",
      values: [accountId, key, rows[0]?.credits],
    })
    await client.query('COMMIT')
    client.release()
  } catch (error) {
    // Closes the connection, and with it the transaction.
    client.release(true)
    throw error
  }
}
