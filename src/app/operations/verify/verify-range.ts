import type { Logger } from 'pino'
import { decodeRow, familyOf } from '../../../contract/kpi-stream/stored.js'
import { rowCodec } from '../../../contract/row-codec.js'
import { rowJson } from '../../../contract/row-json.js'
import type { FamilyName } from '../../../domain/family.js'
import type { EpochMs } from '../../../domain/interval.js'
import { isEmptyRow, type Row } from '../../../domain/row.js'
import { clockStream, configPrefix } from '../../../domain/stream-name.js'
import { plainEvent, type EventLog, type Position, type RecordedEvent } from '../../../log/event-log.js'
import type { FactMeans } from '../../pipeline/facts/open-feed.js'
import type { Generation } from '../../pipeline/generations.js'
import { rowEvents } from '../../row-index/row-events.js'
import type { Scanned } from '../../scoped/scan.js'
import { isInScope, type Scope } from '../../scoped/scope.js'
import { foldEvents, scopedFold } from '../../scoped/scoped-fold.js'
import { Findings, type IntervalVerdict } from './findings.js'

export type VerifyRangeOptions = Readonly<{
  tenant: string
  generation: Generation
  raw: EventLog
  kpi: EventLog
  data: string | undefined
  facts: FactMeans
  /** Folds the kept facts, and does not read the raw events that they were made of. */
  quick: boolean
  family: FamilyName | undefined
  from: EpochMs
  to: EpochMs
  /** The last checkpoint of the generation. */
  through: Readonly<{ position: Position; kpiRevision: number }>
  signal: AbortSignal
  logger: Logger
}>

/** The latest rows of a range as they are stored and as they follow from the raw events that concern it. */
export type RangeVerification = Readonly<{
  isSame: boolean
  events: number
  rows: number
  intervals: readonly IntervalVerdict[]
}>

/**
 * Compares the last revision of each row of a range with a fold of what concerns the range alone, by all that a row says
 * but for its revision. Which conversations and agents concern it is found in the kept facts; their raw events are then
 * read stream by stream, with the clock and the configuration. So it costs what the range costs. A digest is that of
 * keys and figures.
 */
export const verifyRange = async (options: VerifyRangeOptions): Promise<RangeVerification> => {
  const { tenant, generation, raw, facts, quick, family, from, to, through, signal, logger } = options
  const scope: Scope = { ...(family !== undefined && { families: new Set([family]) }), from, to }
  const of = { tenant, generation, scope, signal }
  const found = await scopedFold({ ...of, raw, through: through.position, facts, logger })
  const events = quick ? [] : await rawEvents(options, found.scanned)
  const { rows } = quick ? found : await foldEvents(of, events)
  const { rows: stored, isReadable } = await latestStored(options, scope)
  const findings = new Findings()
  let isSame = isReadable
  for (const row of rows) {
    const theirs = stored.get(row.key)
    stored.delete(row.key)
    findings.add(row, theirs && figuresOf(theirs), figuresOf(row))
    isSame &&= theirs !== undefined && textOf(row) === textOf(theirs)
  }
  for (const theirs of stored.values()) {
    if (isEmptyRow(theirs)) continue
    findings.add(theirs, figuresOf(theirs), undefined)
    isSame = false
  }
  const intervals = findings.verdicts()
  const compared = intervals.reduce((sum, { rows: count }) => sum + count, 0)
  return { isSame, events: events.length, rows: compared, intervals }
}

const latestStored = async (
  { tenant, generation, kpi, data, through }: VerifyRangeOptions,
  scope: Scope,
): Promise<Readonly<{ rows: Map<string, Row>; isReadable: boolean }>> => {
  const rows = new Map<string, Row>()
  let isReadable = true
  const { families, from, to } = scope
  for await (const events of rowEvents({ kpi, tenant, generation: generation.name, data }, { families, from, to }))
    for (const event of events) {
      if (event.revision > through.kpiRevision || familyOf(event) === undefined) continue
      try {
        const { row } = decodeRow(event)
        if (isInScope(scope, row)) rows.set(row.key, row)
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause
        isReadable = false
      }
    }
  return { rows, isReadable }
}

/** The raw events of streams, the clock and the configuration, in the order of the log. */
const rawEvents = async (
  { raw, tenant, through: { position: last }, signal }: VerifyRangeOptions,
  { streams, configuration, erased }: Scanned,
): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  const add = (batch: readonly RecordedEvent[]): void => {
    for (const event of batch) if (event.position <= last) events.push(plainEvent(event))
  }
  for (const stream of [clockStream(tenant), ...streams]) {
    signal.throwIfAborted()
    if (!erased.has(stream)) for await (const batch of raw.readStream(stream)) add(batch)
  }
  const prefixes = [configPrefix(tenant)]
  // An embedded log looks up a position; a server filters by name.
  if (raw.folder === undefined) for await (const batch of raw.readAll({ prefixes, through: last })) add(batch)
  else
    for (const position of new Set(configuration.map((placed) => placed.position)))
      for await (const batch of raw.readAll({ after: position - 1n, through: position, prefixes })) add(batch)
  return events.sort((a, b) => (a.position < b.position ? -1 : 1))
}

/** Everything that a row says, but for its revision. */
const textOf = (row: Row): string => JSON.stringify({ ...rowJson(row), revision: 0 })

const figuresOf = (row: Row): Uint8Array => {
  const codec = rowCodec(row.family)
  return Buffer.concat([Buffer.from(`${row.key} `), codec.figures(codec.encode(row)).figures ?? Buffer.of()])
}
