import type { Logger } from 'pino'
import { recover, type Recovery } from '../../../contract/kpi-stream/marks.js'
import { readKpiEvent } from '../../../contract/kpi-stream/stored.js'
import { kpiStream, rawPrefixes } from '../../../domain/stream-name.js'
import type { EventLog, Position } from '../../../log/event-log.js'
import { PROJECTION_VERSION, type Generation } from '../../pipeline/generations.js'
import { checkpointRefusal } from '../../pipeline/projector/checkpoint-check.js'
import type { FactMeans } from '../../pipeline/facts/open-feed.js'
import { rowKey } from '../../../domain/row.js'
import { checkBatch, dueIn, reportMissing, type BatchCheck } from './batch-check.js'
import { Findings, type Compared, type Difference, type DifferenceKind, type IntervalVerdict } from './findings.js'
import { hasOutput, kpiBatches } from './kpi-batches.js'
import { Recomputation, rawPlace } from './recomputation.js'
import { Scratch } from './scratch.js'
import { Unverifiable } from './unverifiable.js'
import { verifyRange, type RangeVerification } from './verify-range.js'
import { DAY_MS } from '../../../domain/interval.js'

export type VerifyOptions = Readonly<{
  tenant: string
  generation: Generation
  raw: EventLog
  kpi: EventLog
  /** Where a scratch file may be; absent: in the folder of the system for temporary files. */
  data: string | undefined
  /** Where decoded facts are kept, and the threads that decode. */
  facts: FactMeans
  /** Folds the kept facts, and not the raw events that they were made of. */
  quick?: boolean
  compared?: Compared
  /** As for `Recomputation`. */
  spillEvents?: number
  sliceRows?: number
  signal: AbortSignal
  logger: Logger
  onProgress?: (progress: VerifyProgress) => void
}>

export type VerifyProgress = Readonly<{ position: Position; through: Position; events: number; differences: number }>

export type Verification = Readonly<{
  tenant: string
  generation: string
  /** Where the verification ends: the last checkpoint of the projector when it began; null: there is none yet. */
  through: Readonly<{ position: string; kpiRevision: number }> | null
  /**
   * `revisions`: every published revision and marker was compared, byte by byte. `latest`: of a short range the latest
   * revision of each row, by all that it says but for its revision; digests are of keys and figures.
   */
  compared: 'revisions' | 'latest'
  /** The signal aborted: what is said is true of what was looked at, through `lookedAt`. */
  isStopped: boolean
  lookedAt: string | null
  /** Raw events that were folded, and row revisions that were compared. */
  events: number
  rows: number
  /** Rows that changed since the projector gave out rows last, and are still to be published. */
  waiting: number
  /** Erased streams that the generation had folded, and the row revisions that cannot be computed again therefore. */
  erased: Readonly<{ streams: number; rows: number }>
  intervals: readonly IntervalVerdict[]
  differences: number
  counts: Readonly<Record<DifferenceKind, number>>
  /** The first of them, in the order of the KPI log. */
  first: Difference | null
  /** The first hundred. */
  listed: readonly Difference[]
}>

/** This generation cannot be verified by this version, or against this raw log. The message says what can be done. */
export class VerifyRefused extends Error {
  override readonly name = 'VerifyRefused'
}

/**
 * Folds the raw log again and compares what it gives with every row, marker and deletion that the KPI log of a
 * generation holds, byte by byte, each at the raw position at which it was appended. Only reads.
 *
 * A row revision has the same bytes wherever batches were cut; which revisions were published depends on that. So what
 * is given out at each checkpoint is what the KPI log holds there, and what it must hold there (`dueIn`).
 */
export const verify = async (options: VerifyOptions): Promise<Verification> => {
  const { tenant, generation, raw, kpi, data } = options
  const head = await raw.head()
  const tail = await recover(kpi, tenant, generation.name)
  await refuseOther(options, tail)
  const findings = new Findings()
  if (tail.checkpoint === undefined) return verificationOf(options, { findings, tail })
  const ranged = await shortRange(options, tail)
  if (ranged?.isSame === true) return { ...verificationOf(options, { findings, tail }), ...ofRange(ranged, tail) }

  const scratch = new Scratch(data)
  const { pool } = options.facts
  const facts = options.quick === true ? options.facts : { pool }
  const recomputation = await Recomputation.open({ ...options, facts, scratch }, tail.checkpoint.position)
  try {
    const unverifiable = await Unverifiable.of(options, recomputation.gone)
    const check: BatchCheck = {
      tenant,
      generation: generation.name,
      compared: options.compared ?? {},
      findings,
      unverifiable,
    }
    const { at, isCutShort } = await checkBatches(options, tail, recomputation, check)
    const waiting = options.signal.aborted
      ? 0
      : await checkRest(options, tail, { recomputation, check, isCutShort, head })
    return verificationOf(options, { findings, tail, at, recomputation, unverifiable, waiting })
  } finally {
    await recomputation.close()
    await scratch.close()
  }
}

/** A range of at most so long is looked at by itself first. */
const SHORT_RANGE_MS = 7 * DAY_MS

/**
 * A short range, looked at by itself; not of a generation in part, whose rows are of several folds. If it is not the
 * same, a fold of the whole log says where the difference is: it compares every revision, knows what waits to be
 * published, and what cannot be computed again.
 */
const shortRange = async (
  { compared: { family, from, to } = {}, ...options }: VerifyOptions,
  { checkpoint, revision = -1 }: Recovery,
): Promise<RangeVerification | undefined> => {
  const isShort = from !== undefined && to !== undefined && to - from <= SHORT_RANGE_MS
  if (checkpoint === undefined || !isShort || options.generation.scoped !== undefined) return undefined
  const through = { position: checkpoint.position, kpiRevision: revision }
  try {
    return await verifyRange({ ...options, quick: options.quick === true, family, from, to, through })
  } catch (cause) {
    if (options.signal.aborted) return undefined
    throw cause
  }
}

const ofRange = ({ events, rows, intervals }: RangeVerification, { checkpoint }: Recovery): Partial<Verification> => ({
  ...{ compared: 'latest', events, rows, intervals },
  lookedAt: checkpoint === undefined ? null : String(checkpoint.position),
})

/** Folds from checkpoint to checkpoint. Answers the position of the last one, and whether the last batch is whole. */
const checkBatches = async (
  { tenant, generation, kpi, signal, onProgress }: VerifyOptions,
  { checkpoint, revision }: Recovery,
  recomputation: Recomputation,
  check: BatchCheck,
): Promise<Readonly<{ at: Position | undefined; isCutShort: boolean }>> => {
  let at: Position | undefined
  let isCutShort = false
  for await (const batch of kpiBatches(kpi, tenant, generation.name, revision ?? -1)) {
    const { position } = batch.mark
    await recomputation.foldThrough(position)
    if (signal.aborted) break // the fold may have ended before the position
    if (hasOutput(batch)) checkBatch(check, batch, recomputation.drain(dueIn(batch)), rawPlace(at, batch.mark))
    at = position
    isCutShort = batch.isCutShort
    const { differences } = check.findings
    onProgress?.({ position, through: checkpoint?.position ?? position, events: recomputation.events, differences })
  }
  return { at, isCutShort }
}

/**
 * What the fold holds at the end and the KPI log does not. A projector that has come to the end of the raw log has
 * published all that changed, here or meanwhile behind what was read: what is not there is missing. Of one that is
 * behind nothing can be said; answers how many rows wait then.
 */
const checkRest = async (
  { tenant, generation, raw, kpi }: VerifyOptions,
  { checkpoint, revision }: Recovery,
  {
    recomputation,
    check,
    isCutShort,
    head,
  }: Readonly<{
    recomputation: Recomputation
    check: BatchCheck
    isCutShort: boolean
    head: Position | undefined
  }>,
): Promise<number> => {
  if (checkpoint === undefined) return 0
  const rest = [...recomputation.drain(() => true)].flat()
  if (rest.length === 0) return 0
  if (isCutShort || (await holdsMore(raw, tenant, checkpoint.position, head)))
    return rest.filter((event) => event.kind === 'row').length
  const later = new Set<string>()
  for await (const events of kpi.readStream(kpiStream(tenant, generation.name), { from: (revision ?? -1) + 1 }))
    for (const event of events) {
      const stored = readKpiEvent(event)
      if (stored?.kind === 'row') later.add(stored.header.key)
    }
  const missing = later.size > 0 ? rest.filter((event) => event.kind === 'row' && !later.has(rowKey(event.row))) : rest
  reportMissing(check, missing, rawPlace(undefined, checkpoint))
  return 0
}

/** Does the raw log hold an event for a fold behind a position and through another? */
const holdsMore = async (
  raw: EventLog,
  tenant: string,
  after: Position,
  through: Position | undefined,
): Promise<boolean> => {
  if (through === undefined || through <= after) return false
  for await (const _ of raw.readAll({ after, through, prefixes: rawPrefixes(tenant), batchMax: 1 })) return true
  return false
}

const refuseOther = async ({ generation, raw }: VerifyOptions, { checkpoint }: Recovery): Promise<void> => {
  const { name, projectionVersion } = generation
  if (projectionVersion !== PROJECTION_VERSION)
    throw new VerifyRefused(
      `generation ${name} was computed by version ${projectionVersion} of the projection and this is version ${PROJECTION_VERSION}: verify it with the version of Streamvane that computed it, or run \`streamvane rebuild --promote\``,
    )
  // What the raw log has lost is a difference and not a reason to refuse.
  const marks = checkpoint === undefined ? [] : [checkpoint]
  const refusal = await checkpointRefusal({ raw, generation, marks, isErased: () => true, accepted: ['other-history'] })
  if (refusal !== undefined) throw new VerifyRefused(refusal)
}

type Found = Readonly<{
  findings: Findings
  tail: Recovery
  at?: Position | undefined
  recomputation?: Recomputation
  unverifiable?: Unverifiable
  waiting?: number
}>

const verificationOf = (
  { tenant, generation, signal }: VerifyOptions,
  { findings, tail: { checkpoint, revision }, at, recomputation, unverifiable, waiting }: Found,
): Verification => {
  const intervals = findings.verdicts()
  return {
    ...{ tenant, generation: generation.name },
    through: checkpoint === undefined ? null : { position: String(checkpoint.position), kpiRevision: revision ?? -1 },
    compared: 'revisions',
    isStopped: signal.aborted,
    lookedAt: at === undefined ? null : String(at),
    events: recomputation?.events ?? 0,
    rows: intervals.reduce((sum, { rows }) => sum + rows, 0),
    waiting: waiting ?? 0,
    erased: { streams: recomputation?.gone.length ?? 0, rows: unverifiable?.rows ?? 0 },
    intervals,
    differences: findings.differences,
    counts: findings.counts,
    first: findings.listed[0] ?? null,
    listed: findings.listed,
  }
}
