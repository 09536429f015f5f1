import { Kysely, PostgresDialect, type PostgresPool, type QueryExecutorProvider } from 'kysely'
import { tlsMaterial } from '../../credentials/tls.js'
import type { DatabaseOptions } from './options.js'
import { pglitePool } from './pglite.js'

/** A database of the dialect of PostgreSQL. Tables are made at run time, so statements are written as SQL. */
export type Database = Kysely<Tables>
/** A database, or a transaction in it. */
export type Session = QueryExecutorProvider

type Tables = Record<string, never>

/** Opens a database. The drivers are loaded here: most installations have no SQL store. */
export const openDatabase = async (options: DatabaseOptions): Promise<Database> =>
  new Kysely<Tables>({
    dialect: new PostgresDialect({
      pool: await (options.kind === 'pglite' ? pglitePool(options.folder) : poolOf(options)),
    }),
  })

const poolOf = async (options: DatabaseOptions & { kind: 'postgresql' }): Promise<PostgresPool> => {
  const { default: pg } = await import('pg')
  const { host, port, database, user, password, tls, connectTimeoutMs, statementTimeoutMs, serverLimits } = options
  const pool = new pg.Pool({
    ...{ host, port, database, user, max: 2, keepAlive: true, application_name: 'streamvane' },
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: statementTimeoutMs,
    ...(serverLimits?.statementMs !== undefined && { statement_timeout: serverLimits.statementMs }),
    ...(serverLimits?.idleInTransactionMs !== undefined && {
      idle_in_transaction_session_timeout: serverLimits.idleInTransactionMs,
    }),
    ...(password === undefined ? {} : { password: () => password.read() }),
    ...(tls === undefined ? {} : { ssl: tlsMaterial(tls) }),
  })
  // A connection that breaks is replaced, and a statement under way fails. The driver tells it by an event as well, of
  // the pool where the connection was idle, else of the client: without a listener that would end the process.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
