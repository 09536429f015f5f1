import { flatColumns, tableOf, type FlatColumn } from '../../contract/flat-columns.js'
import type { FamilyName } from '../../domain/family.js'

/** A column of a push semantic model, as `Push Datasets - PostDatasetInGroup` of the REST API names its types. */
export type PushColumn = Readonly<{ name: string; dataType: 'string' | 'Int64' | 'Double' | 'bool' | 'DateTime' }>

export type PushTable = Readonly<{ name: string; columns: readonly PushColumn[] }>

/**
 * Columns of figures of which a family has those that it knows: a table holds 75 columns, a queue row has 297. These
 * are sums and terms of quotients, which may be added. The list is kept as it is, because columns are not added to a
 * table that exists.
 */
export const defaultFigures: readonly string[] = [
  ...['n_offered', 't_answered_count', 't_answered_sum_ms', 't_abandon_count', 't_abandon_sum_ms', 't_flow_out_count'],
  ...['t_acd_count', 't_acd_sum_ms', 'n_over_sla', 't_talk_complete_count', 't_talk_complete_sum_ms'],
  ...['t_held_complete_count', 't_held_complete_sum_ms', 't_acw_count', 't_acw_sum_ms', 't_handle_count'],
  ...['t_handle_sum_ms', 't_alert_count', 't_not_responding_count', 'n_transferred', 'n_connected', 'n_outbound'],
  ...['service_level_numerator', 'service_level_denominator', 'asa_numerator', 'asa_denominator'],
  ...['aht_numerator', 'aht_denominator', 'abandon_rate_numerator', 'abandon_rate_denominator'],
  ...['t_agent_routing_status_ms', 't_system_presence_ms', 't_organization_presence_ms'],
  ...['t_routing_status_idle_ms', 't_routing_status_interacting_ms', 't_routing_status_communicating_ms'],
  ...['t_routing_status_not_responding_ms', 't_routing_status_off_queue_ms'],
  ...['occupancy_numerator', 'occupancy_denominator'],
  ...['n_flow', 'n_flow_milestone', 'n_flow_outcome', 'n_flow_outcome_failed', 't_flow_count', 't_flow_sum_ms'],
]

/** Objects have no type there, and a quotient cannot be added up. */
const isFigure = ({ kind, quotient }: FlatColumn): boolean => kind !== 'json' && quotient === undefined

/**
 * Columns that say which row it is, before the figures. A push semantic model cannot change a row: each revision is a
 * row of its own, and of the rows with one `key` that with the highest `row_version` counts. `record_id` is the same
 * where a row comes again.
 */
const versionColumns: readonly PushColumn[] = [
  { name: 'record_id', dataType: 'string' },
  { name: 'row_version', dataType: 'Int64' },
  { name: 'promotion', dataType: 'Int64' },
  { name: 'replay', dataType: 'bool' },
]

const typeOf: Readonly<Record<Exclude<FlatColumn['kind'], 'json'>, PushColumn['dataType']>> = {
  text: 'string',
  long: 'Int64',
  double: 'Double',
  boolean: 'bool',
  instant: 'DateTime',
}

/** Names of figures that some family has. */
export const isFigureOf = (families: readonly FamilyName[], name: string): boolean =>
  families.some((family) => figuresOf(family).some((column) => column.name === name))

const identityColumns = (family: FamilyName): readonly FlatColumn[] => {
  const columns = flatColumns(family).filter(isFigure)
  const end = columns.findIndex(({ name }) => name === 'empty') + 1
  return columns.slice(0, end)
}

const figuresOf = (family: FamilyName): readonly FlatColumn[] =>
  flatColumns(family).filter(isFigure).slice(identityColumns(family).length)

/** The table of a family with these figures, as far as it has them. */
export const pushTable = (family: FamilyName, figures: readonly string[]): PushTable => ({
  name: tableOf(family),
  columns: [
    ...identityColumns(family).map(pushColumn),
    ...versionColumns,
    ...figuresOf(family)
      .filter(({ name }) => figures.includes(name))
      .map(pushColumn),
  ],
})

const pushColumn = ({ name, kind }: FlatColumn): PushColumn => ({
  name,
  dataType: typeOf[kind as keyof typeof typeOf],
})
