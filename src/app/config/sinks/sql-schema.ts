import { z } from 'zod'
import { sslSchema } from '../connections/kafka-connection-schema.js'
import { secret } from '../secrets/secret-schema.js'

/** What the SQL stores have in common. */
const ofEveryStore = {
  /** Schema of the database that holds the tables; it is made if it is missing. */
  schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'lower-case letters, digits and _ only, not a digit first, 63 at most')
    .default('streamvane'),
  /** Whether the sink makes and changes its tables itself; otherwise `streamvane store migrate` does. */
  migrate: z.boolean().default(true),
}

/** The settings of a PostgreSQL server. */
export const postgresqlSchema = z.strictObject({
  /** Name or address; a path beginning with `/` is the folder of a Unix socket. */
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535).default(5432),
  database: z.string().min(1),
  username: z.string().min(1),
  password: secret.optional(),
  ssl: sslSchema.default(false),
  connectTimeoutMs: z.number().int().min(1).default(10_000),
  /** A statement that takes longer is given up; its outcome is then unknown, and the sink connects again. */
  statementTimeoutMs: z.number().int().min(1).default(60_000),
  /**
   * Limits that the server keeps, for a process that hangs or is cut off: it cancels the statement, or ends the session
   * whose transaction is open and idle, which frees its locks. Default: as the server is set. They are sent when a session
   * begins; PgBouncer must be told to let them pass (`ignore_startup_parameters`).
   */
  serverLimits: z
    .strictObject({
      statementMs: z.number().int().min(1_000).optional(),
      idleInTransactionMs: z.number().int().min(1_000).optional(),
    })
    .optional(),
  ...ofEveryStore,
})

/** The settings of PGlite, PostgreSQL in this process, in a folder. */
export const pgliteSchema = z.strictObject({
  /** Default: `sql-<name>` in the data folder. */
  dir: z.string().optional(),
  ...ofEveryStore,
})

export type PostgresqlSettings = z.infer<typeof postgresqlSchema>
export type PgliteSettings = z.infer<typeof pgliteSchema>
