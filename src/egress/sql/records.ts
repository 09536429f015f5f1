import * as E from 'fp-ts/lib/Either.js'
import { sql } from 'kysely'
import { flatValues, tableOf } from '../../contract/flat-columns.js'
import { readerOfSchema } from '../../contract/row-codec.js'
import { rowJson } from '../../contract/row-json.js'
import type { FamilyName } from '../../domain/family.js'
import type { Row } from '../../domain/row.js'
import { unreachable } from '../../domain/unreachable.js'
import type { GenerationRecord, MarkerRecord, RowRecord, SinkRecord } from '../sink.js'
import { columnsOf, KEY_COLUMNS } from './columns.js'
import type { Session } from './database.js'

/** Writes records within a transaction. Tombstones are for what keeps a latest state; the tables keep every revision. */
export const writeRecords = async (session: Session, schema: string, records: readonly SinkRecord[]): Promise<void> => {
  const rows = new Map<FamilyName, RowRecord[]>()
  const [markers, generations]: [MarkerRecord[], GenerationRecord[]] = [[], []]
  for (const record of records)
    switch (record.kind) {
      case 'row': {
        const { family } = record.header
        const known = rows.get(family)
        if (known === undefined) rows.set(family, [record])
        else known.push(record)
        break
      }
      case 'interval-complete':
        markers.push(record)
        break
      case 'generation-complete':
        generations.push(record)
        break
      case 'left':
        break
      default:
        unreachable(record)
    }
  for (const [family, ofFamily] of rows) await writeRows(session, schema, family, ofFamily)
  if (markers.length > 0) await writeMarkers(session, schema, markers)
  if (generations.length > 0) await writeGenerations(session, schema, generations)
}

/**
 * All rows of a family by one statement with one parameter, an array of objects with the columns that have a value. A
 * row that is there already (after a rollback, or by a replay) keeps its values, which are the same for ever, and gets
 * the higher promotion.
 */
const writeRows = async (
  session: Session,
  schema: string,
  family: FamilyName,
  records: readonly RowRecord[],
): Promise<void> => {
  // A statement may change a row once: of the same row twice in a batch, replays add up.
  const byKey = new Map<string, Record<string, unknown>>()
  for (const record of records) {
    const values = valuesOf(record)
    const id = `${String(values['generation'])} ${String(values['revision'])} ${String(values['key'])}`
    const before = byKey.get(id)
    byKey.set(id, before === undefined ? values : merged(before, values))
  }
  const table = sql.id(schema, tableOf(family))
  const columns = sql.join(writtenColumns(family).map((name) => sql.id(name)))
  await sql`
    INSERT INTO ${table} AS t (${columns})
    SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, ${JSON.stringify([...byKey.values()])}::jsonb)
    ON CONFLICT (${sql.join(KEY_COLUMNS.map((name) => sql.id(name)))}) DO UPDATE SET
      promotion = greatest(t.promotion, excluded.promotion),
      first_promotion = least(t.first_promotion, excluded.first_promotion),
      replays = t.replays + excluded.replays`.execute(session)
}

const valuesOf = (record: RowRecord): Record<string, unknown> => {
  const { generation, promotion, replay } = record
  const values = flatValues(rowJson(decoded(record)), generation)
  return { ...values, promotion, first_promotion: promotion, replays: replay ? 1 : 0 }
}

const writtenColumns = (family: FamilyName): readonly string[] =>
  columnsOf(family).flatMap(({ name, generated }) => (generated === undefined ? [name] : []))

const merged = (before: Record<string, unknown>, values: Record<string, unknown>): Record<string, unknown> => ({
  ...values,
  promotion: Math.max(before['promotion'] as number, values['promotion'] as number),
  first_promotion: Math.min(before['first_promotion'] as number, values['first_promotion'] as number),
  replays: (before['replays'] as number) + (values['replays'] as number),
})

const decoded = ({ schema, avro }: RowRecord): Row => {
  const reader = readerOfSchema(schema)
  if (E.isLeft(reader)) throw new UnknownRowSchema(reader.left.message)
  return reader.right.decode(avro)
}

/** A row was written with a schema that this version does not know. */
export class UnknownRowSchema extends Error {
  override readonly name = 'UnknownRowSchema'
}

const writeMarkers = async (session: Session, schema: string, records: readonly MarkerRecord[]): Promise<void> => {
  const values = records.map(({ marker, generation, promotion }) => ({
    ...{ tenant: marker.tenant, family: marker.family, granularity: marker.granularity, zone: marker.zone },
    interval_start: new Date(marker.start).toISOString(),
    interval_end: new Date(marker.end).toISOString(),
    ...{ generation, promotion, number: marker.number, rows: marker.rows, digest: marker.digest },
    closed_at: marker.closedAt === null ? null : new Date(marker.closedAt).toISOString(),
  }))
  const table = sql.id(schema, 'interval_complete')
  await sql`
    INSERT INTO ${table} AS t SELECT * FROM jsonb_populate_recordset(NULL::${table}, ${JSON.stringify(values)}::jsonb)
    ON CONFLICT (tenant, family, granularity, interval_start, generation, number)
      DO UPDATE SET promotion = greatest(t.promotion, excluded.promotion)`.execute(session)
}

const writeGenerations = async (
  session: Session,
  schema: string,
  records: readonly GenerationRecord[],
): Promise<void> => {
  const values = records.map(({ statement: { tenant, family, rows, digest }, generation, promotion }) => ({
    ...{ tenant, family, generation, promotion, rows, digest },
  }))
  const table = sql.id(schema, 'generation_complete')
  await sql`
    INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, ${JSON.stringify(values)}::jsonb)
    ON CONFLICT DO NOTHING`.execute(session)
}
