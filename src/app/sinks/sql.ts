import { join } from 'node:path'
import { lazySink } from '../../egress/lazy-sink.js'
import type { Sink } from '../../egress/sink.js'
import { placeOf, type DatabaseOptions } from '../../egress/sql/options.js'
import {
  pgliteSchema,
  postgresqlSchema,
  type PgliteSettings,
  type PostgresqlSettings,
} from '../config/sinks/sql-schema.js'
import { nameAt, sinkKind, type SinkContext, type SinkOf } from './sink-kind.js'

export const postgresqlKind = sinkKind({
  use: 'postgresql',
  schema: postgresqlSchema,
  destination: 'store',
  place: ({ settings }) => placeOf(serverOf(settings)),
  open: (sink, context) => storeSink(sink, context, serverOf(sink.settings)),
})

export const pgliteKind = sinkKind({
  use: 'pglite',
  schema: pgliteSchema,
  destination: 'store',
  place: (sink, { data }) => placeOf(folderOf(sink, data)),
  // The folder of PGlite serves one process, which is the egress.
  notLookedAt: (sink, { data }) => placeOf(folderOf(sink, data)),
  open: (sink, context) => storeSink(sink, context, folderOf(sink, context.data)),
})

/** The database of a server. */
export const serverOf = (settings: PostgresqlSettings): DatabaseOptions => {
  const { host, port, database, username: user, password, ssl, ...timeouts } = settings
  const { connectTimeoutMs, statementTimeoutMs, serverLimits } = timeouts
  const tls = ssl === false ? undefined : ssl === true ? {} : ssl
  return {
    kind: 'postgresql',
    host,
    port,
    database,
    user,
    password,
    tls,
    connectTimeoutMs,
    statementTimeoutMs,
    serverLimits,
  }
}

/** The database in a folder: `sql-<name>` in the data folder, if the settings name none. */
export const folderOf = ({ name, settings }: SinkOf<PgliteSettings>, data: string): DatabaseOptions => ({
  kind: 'pglite',
  folder: settings.dir ?? join(data, `sql-${name}`),
})

const storeSink = (
  sink: SinkOf<PostgresqlSettings | PgliteSettings>,
  context: SinkContext,
  database: DatabaseOptions,
): Sink => {
  const name = nameAt(sink, context)
  const { schema, migrate } = sink.settings
  return lazySink(name, async () =>
    (await import('../../egress/sql/sink.js')).sqlSink({ name, tenant: context.tenant, database, schema, migrate }),
  )
}
