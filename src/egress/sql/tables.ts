import { Migrator, sql } from 'kysely'
import { tableOf } from '../../contract/flat-columns.js'
import { familyNames, type FamilyName } from '../../domain/family.js'
import { columnsOf, KEY_COLUMNS, quoted, type Column } from './columns.js'
import type { Database, Session } from './database.js'
import { migrations, migrationStatements } from './migrations.js'

/** The tables are not those of this version, and this sink may not change them. */
export class StoreBehind extends Error {
  override readonly name = 'StoreBehind'
}

const TABLE_OF_VERSION = 'catalogue'

/** Statements that bring the tables of families and their views up to the catalogue of this version. */
const familyStatements = (schema: string, family: FamilyName): readonly string[] => {
  const table = `${quoted(schema)}.${quoted(tableOf(family))}`
  const columns = columnsOf(family)
  return [
    `CREATE TABLE IF NOT EXISTS ${table} (${columns.map(definition).join(', ')}, PRIMARY KEY (${KEY_COLUMNS.join(', ')}))`,
    `ALTER TABLE ${table} ${columns.map((column) => `ADD COLUMN IF NOT EXISTS ${definition(column)}`).join(', ')}`,
    `CREATE INDEX IF NOT EXISTS ${quoted(`${tableOf(family)}_interval`)} ON ${table} (tenant, granularity, interval_start)`,
    ...views(schema, family, columns),
  ]
}

/**
 * `…_latest`: the row with the highest (promotion, revision) of each key, as docs/contracts.md says, unless it holds
 * nothing. `…_first_published`: what each row was when it was first published as final. Both are anti-joins, so that a
 * condition on the interval reaches the table.
 */
const views = (schema: string, family: FamilyName, columns: readonly Column[]): readonly string[] => {
  const table = `${quoted(schema)}.${quoted(tableOf(family))}`
  const view = (name: string): string => `${quoted(schema)}.${quoted(`${tableOf(family)}_${name}`)}`
  const all = columns.map(({ name }) => `t.${quoted(name)}`).join(', ')
  const other = 'o.tenant = t.tenant AND o.key = t.key'
  const settled = (row: string): string =>
    `${row}.status <> 'provisional' AND ${row}.correction IS DISTINCT FROM 'withdrawn'`
  return [
    `CREATE OR REPLACE VIEW ${view('latest')} AS SELECT ${all} FROM ${table} t WHERE t.empty IS NOT TRUE AND NOT EXISTS (
       SELECT FROM ${table} o WHERE ${other} AND (o.promotion, o.revision) > (t.promotion, t.revision))`,
    `CREATE OR REPLACE VIEW ${view('first_published')} AS SELECT ${all} FROM ${table} t WHERE ${settled('t')} AND NOT EXISTS (
       SELECT FROM ${table} o WHERE ${other} AND ${settled('o')} AND (o.first_promotion, o.revision) < (t.first_promotion, t.revision))`,
  ]
}

const definition = ({ name, type, generated }: Column): string =>
  `${quoted(name)} ${type}${generated === undefined ? '' : ` GENERATED ALWAYS AS (${generated}) STORED`}`

/** What the catalogue of this version makes of the tables: equal text means equal tables. */
const catalogueText = (): string =>
  familyNames.map((family) => `${tableOf(family)}(${columnsOf(family).map(definition).join(', ')})`).join('; ')

/** Everything that {@link bringUpToDate} does on an empty database, as SQL: for a reader, or for who may not run it. */
export const allStatements = (schema: string): readonly string[] => [
  `CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`,
  ...Object.values(migrationStatements(schema)).flat(),
  ...tableStatements(schema),
]

const tableStatements = (schema: string): readonly string[] =>
  familyNames.flatMap((family) => familyStatements(schema, family))

/** Whether a store of any version is there. */
export const hasTables = async (db: Session, schema: string): Promise<boolean> => {
  const { rows } = await sql<{ table: string | null }>`
    SELECT to_regclass(${`${quoted(schema)}.${TABLE_OF_VERSION}`})::text AS table`.execute(db)
  return typeof rows[0]?.table === 'string'
}

/** Whether the tables are those that this version writes to. */
export const isUpToDate = async (db: Session, schema: string): Promise<boolean> => {
  if (!(await hasTables(db, schema))) return false
  const { rows } = await sql<{ text: string }>`SELECT text FROM ${sql.id(schema, TABLE_OF_VERSION)}`.execute(db)
  return rows[0]?.text === catalogueText()
}

/**
 * Migrates the store to this version, in a transaction and under a lock: a second process waits and finds it done.
 * Columns are only added; a store of a later version keeps what it has.
 */
export const bringUpToDate = async (db: Database, schema: string): Promise<void> => {
  if (await isUpToDate(db, schema)) return
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations(schema)) },
    migrationTableSchema: schema,
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error instanceof Error ? error : new Error('the migration failed', { cause: error })
  await db.transaction().execute(async (transaction) => {
    await sql`SELECT pg_advisory_xact_lock(hashtext(${`streamvane ${schema}`}))`.execute(transaction)
    if (await isUpToDate(transaction, schema)) return
    for (const statement of tableStatements(schema)) await sql.raw(statement).execute(transaction)
    await sql`DELETE FROM ${sql.id(schema, TABLE_OF_VERSION)}`.execute(transaction)
    await sql`INSERT INTO ${sql.id(schema, TABLE_OF_VERSION)} (text) VALUES (${catalogueText()})`.execute(transaction)
  })
}
