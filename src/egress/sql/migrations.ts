import { sql, type Migration } from 'kysely'
import { quoted } from './columns.js'

/**
 * The tables that do not follow from the catalogue of metrics, by migration. Kysely's migrator keeps which were applied
 * in the same schema, and takes a lock. A migration that was released is never changed.
 */
export const migrationStatements = (schema: string): Readonly<Record<string, readonly string[]>> => {
  const table = (name: string): string => `${quoted(schema)}.${quoted(name)}`
  return {
    '0001_sinks_and_markers': [
      // Whose rows these are, how far they go, and which instance may write.
      `CREATE TABLE ${table('sinks')} (
        tenant text NOT NULL, name text NOT NULL, epoch bigint NOT NULL, owner text NOT NULL, progress jsonb,
        PRIMARY KEY (tenant, name))`,
      `CREATE TABLE ${table('interval_complete')} (
        tenant text NOT NULL, family text NOT NULL, granularity text NOT NULL, interval_start timestamptz NOT NULL,
        interval_end timestamptz NOT NULL, zone text, generation text NOT NULL, promotion bigint NOT NULL,
        number bigint NOT NULL, rows bigint NOT NULL, digest bigint NOT NULL, closed_at timestamptz,
        PRIMARY KEY (tenant, family, granularity, interval_start, generation, number))`,
      `CREATE TABLE ${table('generation_complete')} (
        tenant text NOT NULL, family text NOT NULL, generation text NOT NULL, promotion bigint NOT NULL,
        rows bigint NOT NULL, digest bigint NOT NULL,
        PRIMARY KEY (tenant, family, generation, promotion))`,
      `CREATE TABLE ${table('catalogue')} (text text NOT NULL)`,
    ],
  }
}

export const migrations = (schema: string): Record<string, Migration> =>
  Object.fromEntries(
    Object.entries(migrationStatements(schema)).map(([name, statements]) => [
      name,
      {
        up: async (db) => {
          for (const statement of statements) await sql.raw(statement).execute(db)
        },
      },
    ]),
  )
