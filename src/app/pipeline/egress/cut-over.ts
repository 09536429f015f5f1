import { figuresOf, readKpiEvent, type StoredHeader } from '../../../contract/kpi-stream/stored.js'
import { rowCodec } from '../../../contract/row-codec.js'
import type { RowHeader } from '../../../contract/row-header.js'
import { familyNames, type FamilyName } from '../../../domain/family.js'
import { metricNames } from '../../../domain/metric.js'
import { addToDigest, rowNumber } from '../../../domain/row-digest.js'
import { kpiStream } from '../../../domain/stream-name.js'
import type { CutOver, GenerationRecord, Progress, RowFilter, RowRecord, SinkFailure } from '../../../egress/sink.js'
import { LogUnavailable, type EventLog } from '../../../log/event-log.js'
import { readGenerations, type Generations, type Live } from '../generations.js'
import type { Generation, Publishing } from './publishing.js'
import { passes, selectableRow } from './selection.js'

/**
 * What is left to do of a cut-over to `live` behind this progress; `undefined`: nothing. A promotion in the middle of a
 * cut-over begins it anew, with the generation that was published last among those before.
 */
export const cutOverOf = (progress: Progress | undefined, { generation, promotion }: Live): CutOver | undefined => {
  if (progress === undefined) return undefined
  const { cutOver, revision, logId } = progress
  const isSame = progress.generation === generation && (progress.promotion ?? promotion) === promotion
  if (isSame) return cutOver
  const before = new Map((cutOver?.before ?? []).map((each) => [each.generation, each]))
  const known = before.get(progress.generation)
  // After a rollback the generation may have been published further before than it is now.
  before.set(progress.generation, {
    generation: progress.generation,
    revision: Math.max(revision, known?.revision ?? -1),
    ...(logId !== undefined && { logId }),
  })
  return { before: [...before.values()], done: 0 }
}

/**
 * Publishes, behind everything that the live generation holds so far, a withdrawal of each row that only generations
 * before have, and then one `GenerationComplete` for each family that the live generation computes or one before had.
 * Reads the streams and keeps keys only. What it does is a function of the streams and of `done`, so after a crash it
 * goes on where the progress says. Rows of the live generation that came meanwhile are published before it goes on, and
 * need no withdrawal.
 */
export const publishCutOver = async (
  publishing: Publishing,
  { live, kpi, stream, writer, until }: Generation,
  cutOver: CutOver,
): Promise<SinkFailure | undefined> => {
  const { tenant, filter, batchMax, logger, sink } = publishing
  const { all, retired } = await readGenerations(await publishing.logs.control('reader'), tenant)
  const before = await logsBefore(publishing, cutOver, retired)
  if (before === undefined) return undefined
  const { revision: through } = await writer.place()
  const rows = new LatestRevisions(filter)
  for await (const stored of rowsThrough(kpi, stream, through, until)) rows.add(stored)

  const seen = new Set<string>()
  const families = new Set([...(all[live.generation]?.profile.families ?? []), ...rows.families()])
  let page: RowRecord[] = []
  let withdrawn = 0
  let at = 0
  for (const { log, stream: streamBefore, revision } of before)
    for await (const { header } of rowsThrough(log, streamBefore, revision, until)) {
      at += 1
      if (!passes(filter, selectableRow(header)) || seen.has(header.key)) continue
      seen.add(header.key)
      families.add(header.family)
      if (at <= cutOver.done || rows.has(header.key)) continue
      page.push(withdrawalOf(header, live))
      withdrawn += 1
      if (page.length < batchMax) continue
      const failure = await writer.writeCutOver(page, { ...cutOver, done: at })
      if (failure !== undefined) return failure
      page = []
    }
  if (until.aborted) return undefined
  const statements = familyNames
    .filter((family) => families.has(family) && passes(filter, { family, isProvisional: false }))
    .map((family): GenerationRecord => ({
      ...live,
      kind: 'generation-complete',
      statement: { tenant, family, ...rows.totals(family) },
    }))
  const failure = (await writer.writeCutOver([...page, ...statements], undefined)) ?? (await writer.written())
  if (failure === undefined && !until.aborted)
    logger.info(
      { generation: live.generation, promotion: live.promotion, withdrawn },
      `egress ${sink.name}: everything that the promoted generation held is published, and rows that only those before had are withdrawn`,
    )
  return failure
}

type Before = Readonly<{ log: EventLog; stream: string; revision: number }>

/** `undefined`: one is out of reach. The progress keeps the cut-over, and the next connection tries again. */
const logsBefore = async (
  { tenant, logs, logger, sink }: Publishing,
  { before }: CutOver,
  retired: Generations['retired'],
): Promise<readonly Before[] | undefined> => {
  const opened: Before[] = []
  for (const { generation, revision, logId } of before) {
    if (Object.hasOwn(retired, generation)) {
      logger.warn(
        `egress ${sink.name}: generation ${generation} was retired before the cut-over was done: rows that the live ` +
          `generation does not have stay at the destination`,
      )
      continue
    }
    try {
      const log = await logs.kpi(generation, 'reader')
      if (logId !== undefined && (await log.id()) !== logId)
        logger.warn(
          `egress ${sink.name}: rows of generation ${generation} were published from log ${logId}, which this is not: ` +
            `those that the live generation does not have stay at the destination`,
        )
      else opened.push({ log, stream: kpiStream(tenant, generation), revision })
    } catch (cause) {
      if (!(cause instanceof LogUnavailable)) throw cause
      logger.warn(
        `egress ${sink.name}: the rows of generation ${generation} cannot be read (${cause.message}): those that the live ` +
          `generation does not have stay at the destination until they can, and the egress has connected again`,
      )
      return undefined
    }
  }
  return opened
}

/** The rows of a stream through a revision. Ends early once `until` aborts. */
async function* rowsThrough(
  log: EventLog,
  stream: string,
  revision: number,
  until: AbortSignal,
): AsyncIterable<StoredHeader> {
  if (revision < 0) return
  for await (const events of log.readStream(stream, { max: revision + 1 })) {
    if (until.aborted) return
    for (const event of events) {
      const stored = readKpiEvent(event)
      if (stored?.kind === 'row') yield stored
    }
  }
}

/** The last revision of each row that passes a filter. */
class LatestRevisions {
  private readonly filter: RowFilter
  /** The revision of a row; of one that holds nothing, the revision with a minus. Revisions begin at 1. */
  private readonly byFamily = new Map<FamilyName, Map<string, number>>()

  constructor(filter: RowFilter) {
    this.filter = filter
  }

  add(stored: StoredHeader): void {
    const { header } = stored
    if (!passes(this.filter, selectableRow(header))) return
    let rows = this.byFamily.get(header.family)
    if (rows === undefined) this.byFamily.set(header.family, (rows = new Map<string, number>()))
    const { figures, erased } = figuresOf(stored)
    const isEmpty = figures === undefined && erased === null
    rows.set(header.key, isEmpty ? -header.revision : header.revision)
  }

  has(key: string): boolean {
    return this.byFamily.get(key.slice(0, key.indexOf('/')) as FamilyName)?.has(key) === true
  }

  families(): Iterable<FamilyName> {
    return this.byFamily.keys()
  }

  totals(family: FamilyName): Readonly<{ rows: number; digest: number }> {
    let [rows, digest] = [0, 0]
    for (const [key, revision] of this.byFamily.get(family) ?? []) {
      if (revision < 0) continue
      rows += 1
      digest = addToDigest(digest, rowNumber(key, revision))
    }
    return { rows, digest }
  }
}

/**
 * The row says that it holds nothing. Revision 0 is lower than any that a projection computes: a row that the live
 * generation computes later replaces it.
 */
const withdrawalOf = (before: RowHeader, live: Live): RowRecord => {
  const header: RowHeader = { ...before, status: 'corrected', correction: 'withdrawn', revision: 0 }
  const codec = rowCodec(header.family)
  const avro = codec.encode({ ...header, measures: noMeasures, kpis: {}, erased: null, serviceTarget: null })
  return { ...live, kind: 'row', header, avro, schema: codec.fingerprint, withdrawn: true, replay: false }
}

const noMeasures = metricNames.map(() => undefined)
