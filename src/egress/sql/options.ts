import type { Secret } from '../../credentials/secret.js'
import type { TlsSettings } from '../../credentials/tls.js'

/** A server, by address; or PGlite, PostgreSQL in this process with its files in a folder. */
export type DatabaseOptions =
  | Readonly<{
      kind: 'postgresql'
      /** Name or address; a path beginning with `/` is the folder of a Unix socket. */
      host: string
      port: number
      database: string
      user: string
      /** Read again for each connection. */
      password?: Secret | undefined
      /** Absent: plain. */
      tls?: TlsSettings | undefined
      connectTimeoutMs: number
      /** A statement that takes longer is given up; its outcome is then unknown. */
      statementTimeoutMs: number
      /** What the server itself gives up, in ms, for a process or a network that is gone. Absent: as the server is set. */
      serverLimits?:
        Readonly<{ statementMs?: number | undefined; idleInTransactionMs?: number | undefined }> | undefined
    }>
  | Readonly<{ kind: 'pglite'; folder: string }>

export type SqlSinkOptions = Readonly<{
  /** Tells sinks of one tenant in one schema apart. */
  name: string
  tenant: string
  database: DatabaseOptions
  schema: string
  /** Whether the sink makes and changes the tables itself; otherwise `streamvane store migrate` does. */
  migrate: boolean
}>

/** The database in messages, without credentials. */
export const placeOf = (options: DatabaseOptions): string =>
  options.kind === 'pglite'
    ? `PGlite in ${options.folder}`
    : `PostgreSQL ${options.host}:${options.port}/${options.database}`
