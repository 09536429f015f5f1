import { families, type FamilyName } from './family.js'
import type { Granularity } from './granularity.js'
import type { EpochMs } from './interval.js'
import type { Ratio } from './kpi.js'
import type { Measure } from './measure.js'
import { metricIndex, metricKind, metricNames, type MetricName } from './metric.js'

/**
 * `provisional` while the interval is open, `final` once the frontier passed the interval's end and the grace period,
 * `corrected` if the row changed after that.
 */
export type RowStatus = 'provisional' | 'final' | 'corrected'

/**
 * Why a row was restated last, after it had been final.
 *
 * - `late`: a point or state arrived late
 * - `handled`: after-call work arrived late and moved a handle time
 * - `recomputed`: a newer record of a conversation says something else than the one before
 * - `settings`: organisation settings that apply to all of history changed
 * - `erased`: something was erased on request before the generation began
 * - `withdrawn`: only a generation that was live before had the row. No cell has this reason; the egress gives it
 */
export type Correction = 'late' | 'handled' | 'recomputed' | 'settings' | 'erased' | 'withdrawn'

/**
 * The published state of a cell. `dimensions` are in the family's order. `measures` are in the catalogue's order,
 * `undefined` where nothing was emitted. Within a generation `(key, revision)` always has the same values.
 */
export type Row = Readonly<{
  tenant: string
  /** `rowKey` of the row, computed once. */
  key: string
  family: FamilyName
  dimensions: readonly (string | null)[]
  granularity: Granularity
  start: EpochMs
  end: EpochMs
  status: RowStatus
  correction: Correction | null
  /** Number of changes folded into the row, its closing included. From 1. */
  revision: number
  measures: readonly (Measure | undefined)[]
  /** The KPIs that have a value, by name. */
  kpis: Readonly<Record<string, Ratio>>
  /** Metric points that had been in the row and were erased on request before this generation began; null: none. */
  erased: number | null
  /**
   * The service-level target configured for the queue, a share from 0 to 1 (Genesys: oServiceTarget). It cannot be
   * added up.
   */
  serviceTarget: number | null
}>

/**
 * The dimensions as one string, which names the cell within its family and interval. `/` separates them, ids are
 * escaped, and a missing one is `-`.
 */
export const cellKey = (dimensions: readonly (string | null)[]): string =>
  dimensions.map((value) => (value === null ? '-' : escapeId(value))).join('/')

/**
 * What the keys of all rows of a family with the same dimensions begin with: ASCII, for example `queue/9b1d…/voice/-/-`.
 * Joined rather than concatenated: the engine would keep a tree of its parts, which takes twice the memory.
 */
export const siteKey = ({ family, dimensions }: Pick<Row, 'family' | 'dimensions'>): string =>
  [family, cellKey(dimensions)].join('/')

/** What the keys of all rows of an interval end with: ASCII, for example `PT15M/2026-01-05T10:00:00.000Z`. */
export const intervalKey = ({ granularity, start }: Pick<Row, 'granularity' | 'start'>): string =>
  `${granularity}/${new Date(start).toISOString()}`

/**
 * The name of a row within its tenant and generation, for example
 * `queue/9b1d…/voice/-/-/PT15M/2026-01-05T10:00:00.000Z`.
 */
export const rowKey = (row: Pick<Row, 'family' | 'dimensions' | 'granularity' | 'start'>): string =>
  `${siteKey(row)}/${intervalKey(row)}`

/** Key of the published record: the id of the queue, of the agent, and so on. */
export const recordKey = (row: Pick<Row, 'family' | 'dimensions'>): string => {
  const family = families[row.family]
  return row.dimensions[family.dimensions.indexOf(family.key)] ?? ''
}

export const measureIn = (row: Pick<Row, 'measures'>, metric: MetricName): Measure | undefined =>
  row.measures[metricIndex.get(metric) as number]

/**
 * Everything that is published of a row's present state, as one line: its values, service-level target, status,
 * correction and erased points. The revision is left out, which may differ between generations. Two rows with the same
 * line say the same to their readers. Empty if the row holds nothing, as if it never was.
 */
export const publishedText = (row: Row): string => {
  const { key, serviceTarget, status, correction, erased } = row
  const values = valueText(row).slice(key.length)
  if (values === '' && erased === null) return ''
  return `${key}${values} serviceTarget=${serviceTarget ?? ''} status=${status} correction=${correction ?? ''} erased=${erased ?? ''}`
}

/** Does the row hold nothing, as if it never was? As `holdsNothing` of the flat row. */
export const isEmptyRow = ({ measures, erased }: Pick<Row, 'measures' | 'erased'>): boolean =>
  erased === null &&
  measures.every(
    (measure, index) =>
      measure === undefined ||
      measure.count === 0 ||
      (measure.sum === 0 && metricKind(metricNames[index] as MetricName) === 'state'),
  )

/**
 * The figures of a row as one line, without status and revision: what digests are made of. Empty if the row holds
 * nothing.
 */
export const valueText = (row: Row): string => {
  const values: string[] = []
  row.measures.forEach((measure, index) => {
    const metric = metricNames[index]
    if (metric === undefined || measure === undefined || measure.count === 0) return
    const kind = metricKind(metric)
    if (kind === 'count') values.push(`${metric}=${measure.count}`)
    else if (kind === 'state') {
      // Corrections can take all time in a state back. Such a row says the same as a row that never was.
      if (measure.sum !== 0) values.push(`${metric}=${measure.sum}`)
    } else {
      const sketch = measure.sketch.map(([bucket, count]) => `${bucket}:${count}`).join(';')
      values.push(
        `${metric}=${measure.count},${measure.sum},${measure.min},${measure.max}${sketch === '' ? '' : `,${sketch}`}`,
      )
    }
  })
  if (values.length === 0) return ''
  // The same measures give other KPIs under other settings.
  for (const [name, { numerator, denominator }] of Object.entries(row.kpis).sort(([a], [b]) => (a < b ? -1 : 1)))
    values.push(`${name}=${numerator}/${denominator ?? ''}`)
  return `${row.key} ${values.join(' ')}`
}

const PLAIN_ID = /^[A-Za-z0-9._:-]*$/
const escapeId = (id: string): string =>
  PLAIN_ID.test(id) && id !== '-' ? id : `~${Array.from(id, escapeCharacter).join('')}`

/**
 * Percent-encodes a character. JSON can contain a lone surrogate, for which `encodeURIComponent` throws: it becomes
 * `%u` and its code unit.
 */
const escapeCharacter = (character: string): string =>
  /^\p{Surrogate}$/u.test(character) ? `%u${character.charCodeAt(0).toString(16)}` : encodeURIComponent(character)
