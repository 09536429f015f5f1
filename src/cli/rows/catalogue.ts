import { dimensionDoc, type Dimension } from '../../domain/dimensions.js'
import { families, type FamilyName } from '../../domain/family.js'
import { builtInKpisOf, type Kpi } from '../../domain/kpi.js'
import { metricDoc, type MetricName } from '../../domain/metric.js'
import { nearNames } from '../../domain/near-names.js'
import { statisticsOf, type Statistic } from '../../domain/named-kpi.js'
import { isNamed } from '../../app/names.js'
import { minuteText, percentText } from '../command/figures.js'
import { UsageError } from '../command/exit.js'
import type { RowColumn } from './column.js'
import { kpiFigure, measureFigure, timeFigure } from './figure.js'

/** Every column that rows of a family can have, by name. `kpis` are those of the profile's own. */
export const columnsOf = (family: FamilyName, kpis: readonly Kpi[]): ReadonlyMap<string, RowColumn> => {
  const columns = [
    ...intervalColumns,
    ...families[family].dimensions.flatMap((dimension, place) => dimensionColumns(dimension, place)),
    ...stateColumns,
    ...shortNamed(family),
    ...[...builtInKpisOf(family), ...kpis.filter((kpi) => kpi.families.includes(family))].map(kpiColumn),
    ...families[family].metrics.flatMap((metric) =>
      statisticsOf(metric).map((statistic) => metricColumn(metric, statistic)),
    ),
  ]
  return new Map(columns.map((column) => [column.name, column]))
}

const text = (
  name: string,
  head: string,
  doc: string,
  of: Omit<Extract<RowColumn, { kind: 'text' }>, 'kind' | 'name' | 'head' | 'doc'>,
): RowColumn => ({ ...{ name, head, doc }, kind: 'text', ...of })

const iso = (at: number): string => new Date(at).toISOString()

const intervalColumns: readonly RowColumn[] = [
  text('interval', 'interval', 'Start of the interval, local time of the zone.', {
    value: ({ row }) => iso(row.start),
    text: ({ row }, zone) => minuteText(row.start, zone),
  }),
  text('intervalStart', 'start (UTC)', 'Start of the interval in UTC.', {
    value: ({ row }) => iso(row.start),
    text: ({ row }) => iso(row.start),
  }),
  text('intervalEnd', 'end (UTC)', 'End of the interval in UTC, exclusive.', {
    value: ({ row }) => iso(row.end),
    text: ({ row }) => iso(row.end),
  }),
  text('granularity', 'length', 'Length of the interval.', {
    value: ({ row }) => row.granularity,
    text: ({ row }) => row.granularity,
  }),
]

const heads: Readonly<Partial<Record<Dimension, string>>> = {
  ...{ queueId: 'queue', userId: 'agent', mediaType: 'media', messageType: 'message', skillId: 'skill' },
  ...{ languageId: 'language', wrapUpCode: 'wrap-up', flowId: 'flow', campaignId: 'campaign', divisionId: 'division' },
  ...{ stateKind: 'kind' },
}

/** The dimension, and its name where the configuration knows names: the name stands for the id if there is one. */
const dimensionColumns = (dimension: Dimension, place: number): readonly RowColumn[] => {
  const head = heads[dimension] ?? dimension
  const id = text(dimension, isNamed(dimension) ? dimension : head, dimensionDoc(dimension), {
    value: ({ row }) => row.dimensions[place] ?? null,
    text: ({ row }) => row.dimensions[place] ?? '-',
  })
  if (!isNamed(dimension)) return [id]
  const name = text(nameColumn(dimension), head, `Name in the configuration; the id where it says none.`, {
    value: ({ names }) => names[dimension] ?? null,
    text: ({ row, names }) => names[dimension] ?? row.dimensions[place] ?? '-',
  })
  return [name, id]
}

/** The column with the name of what a dimension identifies: `queueName`. */
export const nameColumn = (dimension: Dimension): string => `${dimension.replace(/Id$/, '')}Name`

const stateColumns: readonly RowColumn[] = [
  text('status', 'status', 'provisional: the interval is open; final; corrected: it changed after that.', {
    value: ({ row }) => row.status,
    text: ({ row: { status, correction } }) => (correction === null ? status : `${status} (${correction})`),
  }),
  text('correction', 'correction', 'Why the row was restated last.', {
    value: ({ row }) => row.correction,
    text: ({ row }) => row.correction ?? '',
  }),
  text('revision', 'rev', 'Number of changes folded into the row.', {
    value: ({ row }) => row.revision,
    text: ({ row }) => String(row.revision),
    align: 'right',
  }),
  text('erased', 'erased', 'Metric points of the row that were erased on request.', {
    value: ({ row }) => row.erased,
    text: ({ row }) => (row.erased === null ? '' : String(row.erased)),
    align: 'right',
  }),
  text('serviceTarget', 'target', 'Service-level target configured for the queue.', {
    value: ({ row }) => row.serviceTarget,
    text: ({ row }) => (row.serviceTarget === null ? '' : percentText(row.serviceTarget, 1)),
    align: 'right',
  }),
]

/** What people call some statistics. */
const shortNames: readonly (readonly [name: string, head: string, metric: MetricName, statistic: Statistic])[] = [
  ['offered', 'offered', 'nOffered', 'count'],
  ['answered', 'answ.', 'tAnswered', 'count'],
  ['abandoned', 'aband.', 'tAbandon', 'count'],
  ['flowedOut', 'out', 'tFlowOut', 'count'],
  ['handled', 'handled', 'tHandle', 'count'],
  ['transferred', 'transf.', 'nTransferred', 'count'],
  ['notResponding', 'no resp.', 'tNotResponding', 'count'],
  ['flows', 'flows', 'nFlow', 'count'],
  ['outcomes', 'outcomes', 'nFlowOutcome', 'count'],
  ['outcomesFailed', 'failed', 'nFlowOutcomeFailed', 'count'],
  ['interacting', 'interacting', 'tRoutingStatusInteracting', 'sum'],
  ['idle', 'idle', 'tRoutingStatusIdle', 'sum'],
  ['communicating', 'communic.', 'tRoutingStatusCommunicating', 'sum'],
  ['notRespondingTime', 'no resp.', 'tRoutingStatusNotResponding', 'sum'],
  ['offQueue', 'off queue', 'tRoutingStatusOffQueue', 'sum'],
]

const shortNamed = (family: FamilyName): readonly RowColumn[] => [
  ...shortNames
    .filter(([, , metric]) => families[family].metrics.includes(metric))
    .map(([name, head, metric, statistic]) => ({
      ...metricColumn(metric, statistic),
      ...{ name, head, doc: `${metric}.${statistic}: ${metricDoc(metric)}` },
    })),
  ...(family === 'agent-state'
    ? [
        {
          ...{ name: 'time', head: 'in state', doc: 'Time in the state.' },
          kind: 'figure' as const,
          figure: timeFigure(families[family].metrics),
        },
      ]
    : []),
]

const kpiHeads: Readonly<Record<string, string>> = {
  ...{ serviceLevel: 'SL', asa: 'ASA', aht: 'AHT', abandonRate: 'aband. %', answerRate: 'answer %' },
  ...{ flowOutRate: 'out %', averageWait: 'wait', averageAbandonTime: 'to aband.', averageTalk: 'talk' },
  ...{ averageHold: 'hold', averageAcw: 'ACW', transferRate: 'transf. %', averageFlowTime: 'flow time' },
  ...{ flowOutcomeSuccess: 'success' },
}

const kpiColumn = (kpi: Kpi): RowColumn => ({
  ...{ name: kpi.name, head: kpiHeads[kpi.name] ?? kpi.name, doc: kpi.doc },
  kind: 'figure',
  figure: kpiFigure(kpi),
})

const metricColumn = (metric: MetricName, statistic: Statistic): RowColumn => {
  const name = `${metric}.${statistic}`
  return { name, head: name, doc: metricDoc(metric), kind: 'figure', figure: measureFigure(metric, statistic) }
}

/**
 * The columns named by `--columns`, in its order. The name of a metric stands for its statistics that add up. Throws
 * `UsageError` for an unknown name, with near ones.
 */
export const namedColumns = (
  all: ReadonlyMap<string, RowColumn>,
  family: FamilyName,
  names: readonly string[],
): readonly RowColumn[] =>
  names.flatMap((name) => {
    const exact = all.get(name)
    if (exact !== undefined) return [exact]
    const own = ['count', 'sum', 'avg'].flatMap((statistic) => all.get(`${name}.${statistic}`) ?? [])
    if (own.length > 0) return own
    const near = nearNames(name, [...all.keys(), ...families[family].metrics])
    throw new UsageError(
      `--columns: rows of family ${family} have no column ${name}${near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`} (--columns help lists them)`,
    )
  })
