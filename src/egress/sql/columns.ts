import { flatColumns, type ColumnKind, type FlatColumn } from '../../contract/flat-columns.js'
import type { FamilyName } from '../../domain/family.js'

/** A column of a family's table. `generated`: the expression that the database works it out by. */
export type Column = Readonly<{ name: string; type: string; generated?: string }>

/** A name as it is written in a statement. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** The primary key: within a generation, a row and a revision are the same bytes for ever. */
export const KEY_COLUMNS = ['tenant', 'key', 'generation', 'revision'] as const

/** The columns of a family's table. New ones go to the end of the table. */
export const columnsOf = (family: FamilyName): readonly Column[] => [
  { name: 'promotion', type: 'bigint NOT NULL' },
  { name: 'first_promotion', type: 'bigint NOT NULL' },
  { name: 'replays', type: 'bigint NOT NULL DEFAULT 0' },
  ...flatColumns(family).map(sqlColumn),
]

const sqlColumn = ({ name, kind, required, quotient }: FlatColumn): Column => ({
  name,
  type: `${types[kind]}${required === true ? ' NOT NULL' : ''}`,
  ...(quotient === undefined
    ? {}
    : { generated: `${quotient.numerator}::double precision / nullif(${quotient.denominator}, 0)` }),
})

const types: Readonly<Record<ColumnKind, string>> = {
  text: 'text',
  long: 'bigint',
  double: 'double precision',
  boolean: 'boolean',
  instant: 'timestamptz',
  json: 'jsonb',
}
