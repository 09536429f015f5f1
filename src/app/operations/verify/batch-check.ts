import { encodeKpiEvents } from '../../../contract/kpi-stream/encode.js'
import type { StoredHeader } from '../../../contract/kpi-stream/stored.js'
import { markerJson } from '../../../contract/completeness-codec.js'
import { rowJson } from '../../../contract/row-json.js'
import { rowOf } from '../../../domain/flat-row.js'
import { intervalName } from '../../../domain/interval-complete.js'
import { leftName, type KpiEvent } from '../../../domain/kpi-event.js'
import { rowKey } from '../../../domain/row.js'
import { unreachable } from '../../../domain/unreachable.js'
import type { Cell } from '../../../projections/cells/cell.js'
import { differingFields, isCompared, type Compared, type Difference, type Findings, type Value } from './findings.js'
import type { KpiBatch, StoredRowEvent } from './kpi-batches.js'
import type { RawPlace } from './recomputation.js'
import { jsonOfStored } from './stored-value.js'
import type { Unverifiable } from './unverifiable.js'

export type BatchCheck = Readonly<{
  tenant: string
  generation: string
  compared: Compared
  findings: Findings
  unverifiable: Unverifiable
}>

type ComputedRow = Extract<KpiEvent, { kind: 'row' }>
type OtherKind = Exclude<KpiEvent, ComputedRow>

/**
 * Which cells of a fold a batch gives out, by what the batch holds. The rows that it has, in any case. A projector that
 * gives out anything gives out all rows that closed; and at the head, which a provisional row shows, all that changed.
 * Of a batch in parts the head is not certain: a crash may have come in between.
 */
export const dueIn = ({ rows, isInParts, isCutShort }: KpiBatch): ((cell: Cell) => boolean) => {
  const keys = new Set(rows.map(({ header }) => header.key))
  const hasProvisional = rows.some(({ header }) => header.status === 'provisional')
  const isAll = hasProvisional && !isInParts
  return (cell) =>
    isAll ||
    (cell.status === 'final' && !isCutShort) ||
    ((hasProvisional || cell.status !== 'provisional') && keys.has(rowKey(cell)))
}

/** Compares what a batch holds with what the fold gives at its position, slice by slice. */
export const checkBatch = (
  check: BatchCheck,
  batch: KpiBatch,
  computed: Iterable<readonly KpiEvent[]>,
  raw: RawPlace,
): void => {
  const { findings } = check
  for (const event of batch.unreadable)
    findings.differs('unreadable', undefined, () => ({
      ...blank,
      ...{ kind: 'unreadable', key: event.type, kpiRevision: event.revision, raw },
    }))
  const rows = new RowsOfBatch(check, batch.rows, raw)
  const others: OtherKind[] = []
  for (const slice of computed) {
    rows.compare(slice.filter((event) => event.kind === 'row'))
    for (const event of slice) if (event.kind !== 'row') others.push(event)
  }
  rows.reportAdded()
  checkOthers(check, batch, others, raw)
}

/** Reports what the fold gives and the KPI log does not have. */
export const reportMissing = (check: BatchCheck, computed: readonly KpiEvent[], raw: RawPlace): void => {
  for (const event of computed) {
    if (event.kind !== 'row') missingOther(check, event, raw)
    else missingRow(check, event, bytesOf(check, [event])[0] as Encoded, raw)
  }
}

/** The rows that a batch holds, without those that the fold gave. */
class RowsOfBatch {
  private readonly check: BatchCheck
  private readonly raw: RawPlace
  private readonly stored = new Map<string, StoredRowEvent>()
  private readonly twice: StoredRowEvent[] = []

  constructor(check: BatchCheck, rows: readonly StoredRowEvent[], raw: RawPlace) {
    this.check = check
    this.raw = raw
    for (const row of rows)
      if (this.stored.has(row.header.key)) this.twice.push(row)
      else this.stored.set(row.header.key, row)
  }

  compare(rows: readonly ComputedRow[]): void {
    const { check, raw, stored } = this
    const { findings } = check
    const encoded = bytesOf(check, rows)
    rows.forEach((event, index) => {
      const ours = encoded[index] as Encoded
      const theirs = stored.get(rowKey(event.row))
      if (theirs === undefined) return missingRow(check, event, ours, raw)
      stored.delete(theirs.header.key)
      if (!isCompared(check.compared, event.row)) return
      const isSame = theirs.schema === ours.schema && Buffer.compare(theirs.avro, ours.data) === 0
      if (!isSame && check.unverifiable.row(theirs.header)) return
      findings.add(event.row, theirs.avro, isSame ? theirs.avro : ours.data)
      if (!isSame)
        findings.differs('changed', event.row, () => rowDifference('changed', theirs, rowJson(rowOf(event.row)), raw))
    })
  }

  reportAdded(): void {
    const { findings, compared, unverifiable } = this.check
    for (const theirs of [...this.stored.values(), ...this.twice]) {
      if (!isCompared(compared, theirs.header) || unverifiable.row(theirs.header)) continue
      findings.add(theirs.header, theirs.avro, undefined)
      findings.differs('added', theirs.header, () => rowDifference('added', theirs, null, this.raw))
    }
  }
}

const missingRow = (check: BatchCheck, { row }: ComputedRow, { data }: Encoded, raw: RawPlace): void => {
  const key = rowKey(row)
  if (!isCompared(check.compared, row) || check.unverifiable.row({ ...row, key })) return
  check.findings.add(row, undefined, data)
  check.findings.differs('missing', row, () => ({
    ...blank,
    ...{ kind: 'missing', what: 'row', key, family: row.family, granularity: row.granularity },
    ...{ intervalStart: iso(row.start), rowRevision: row.revision, raw, expected: rowJson(rowOf(row)) },
  }))
}

const checkOthers = (check: BatchCheck, batch: KpiBatch, computed: readonly OtherKind[], raw: RawPlace): void => {
  const { findings, compared, unverifiable } = check
  const stored = new Map(batch.others.map((event) => [nameOf(event), event]))
  for (const event of computed) {
    const theirs = stored.get(nameOf(event))
    if (theirs === undefined) {
      missingOther(check, event, raw)
      continue
    }
    stored.delete(nameOf(event))
    const [expected, found] = [jsonOf(event), jsonOf(theirs)]
    if (JSON.stringify(expected) === JSON.stringify(found) || !isOtherCompared(compared, event)) continue
    if (event.kind === 'interval-complete' && unverifiable.marker(event.marker)) continue
    findings.differs('changed', intervalOf(event), () => ({
      ...otherDifference('changed', event, raw),
      ...{ kpiRevision: theirs.revision, expected, found, fields: differingFields(expected, found) },
    }))
  }
  for (const theirs of stored.values()) {
    if (!isOtherCompared(compared, theirs)) continue
    if (theirs.kind === 'interval-complete' && unverifiable.marker(theirs.marker)) continue
    findings.differs('added', intervalOf(theirs), () => ({
      ...otherDifference('added', theirs, raw),
      ...{ kpiRevision: theirs.revision, found: jsonOf(theirs) },
    }))
  }
}

const missingOther = (check: BatchCheck, event: OtherKind, raw: RawPlace): void => {
  if (!isOtherCompared(check.compared, event)) return
  if (event.kind === 'interval-complete' && check.unverifiable.marker(event.marker)) return
  check.findings.differs('missing', intervalOf(event), () => ({
    ...otherDifference('missing', event, raw),
    expected: jsonOf(event),
  }))
}

type Encoded = Readonly<{ data: Uint8Array; schema: string }>

const bytesOf = ({ tenant, generation }: BatchCheck, rows: readonly ComputedRow[]): readonly Encoded[] =>
  encodeKpiEvents(tenant, generation, rows, 0n).map(({ data, metadata }) => ({ data, schema: schemaIn(metadata) }))

/** One object for each schema. */
const schemaIn = (metadata: Uint8Array): string => {
  let schema = schemas.get(metadata)
  if (schema === undefined) {
    schema = (JSON.parse(Buffer.from(metadata).toString()) as { schema: string }).schema
    schemas.set(metadata, schema)
  }
  return schema
}
const schemas = new WeakMap<Uint8Array, string>()

/** A difference of which nothing is said yet. */
export const blank: Difference = {
  ...{ kind: 'changed', where: 'kpi-log', what: 'row', key: '', family: null, granularity: null },
  ...{ intervalStart: null, rowRevision: null, kpiRevision: null, raw: null, topic: null, fields: [] },
  ...{ expected: null, found: null },
}

const rowDifference = (
  kind: Difference['kind'],
  theirs: StoredHeader,
  expected: Value | null,
  raw: RawPlace,
): Difference => {
  const { key, family, granularity, start, revision } = theirs.header
  const found = jsonOfStored(theirs)
  return {
    ...blank,
    ...{ kind, what: 'row', key, family, granularity, intervalStart: iso(start), rowRevision: revision },
    ...{ kpiRevision: theirs.revision, raw, expected, found, fields: differingFields(expected, found) },
  }
}

/** A marker or a deletion, stored or computed. */
type Other = Readonly<Pick<OtherKind, 'kind'>> & OtherKind

const nameOf = (event: Other): string => {
  switch (event.kind) {
    case 'interval-complete':
      return `${intervalName(event.marker)}/${event.marker.end}/${event.marker.number}`
    case 'left':
      return leftName(event.left)
    default:
      return unreachable(event)
  }
}

const jsonOf = (event: Other): Value =>
  event.kind === 'interval-complete' ? markerJson(event.marker) : { ...event.left }

const intervalOf = (event: Other) => (event.kind === 'interval-complete' ? event.marker : undefined)

const isOtherCompared = (compared: Compared, event: Other): boolean =>
  event.kind === 'left' ? isEverything(compared) : isCompared(compared, event.marker)

const isEverything = ({ family, from, to }: Compared): boolean =>
  family === undefined && from === undefined && to === undefined

const otherDifference = (kind: Difference['kind'], event: Other, raw: RawPlace): Difference => {
  const { family = null, granularity = null, start } = intervalOf(event) ?? {}
  return {
    ...blank,
    ...{ kind, what: event.kind === 'left' ? 'left' : 'marker', key: nameOf(event), family, granularity, raw },
    intervalStart: start === undefined ? null : iso(start),
  }
}

const iso = (instant: number): string => new Date(instant).toISOString()
