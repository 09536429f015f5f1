import * as E from 'fp-ts/lib/Either.js'
import type { EpochMs } from '../../../../domain/interval.js'
import type { GenesysClient } from '../../../../genesys/client.js'
import { pageOfJob, stateOfJob, submitJob, type JobPage } from '../../../../genesys/detail-jobs.js'
import type { GenesysFailure } from '../../../../genesys/failure.js'
import { machineTiming, type Timing } from '../../../../genesys/timing.js'
import { appendTick } from '../../../../ingress/clock.js'
import { RecordSplitter } from '../../../../ingress/files/record-splitter.js'
import { deliverTo } from '../../../../ingress/ingest.js'
import { RAW_BYTES_MAX } from '../../../../ingress/raw-event.js'
import { addReceipts, emptyReceipt, type Receipt } from '../../../../ingress/receipt.js'
import type { EventLog } from '../../../../log/event-log.js'
import type { Logs } from '../../../pipeline/logs/logs.js'
import type { LateCount } from '../../imports/late-count.js'
import { ifThere } from '../../../../log/if-there.js'
import {
  backfillName,
  chunkName,
  chunksOf,
  noteProgress,
  progressIn,
  readProgress,
  type Chunk,
  type ChunkProgress,
} from './progress.js'

export type BackfillOptions = Readonly<{
  client: GenesysClient
  raw: EventLog
  logs: Pick<Logs, 'control' | 'changingControl'>
  tenant: string
  from: EpochMs
  to: EpochMs
  /** Let the clock follow what was fetched, as a backfill of history does. Beside a running ingress its clock ticks. */
  ticks: boolean
  late?: LateCount | undefined
  signal: AbortSignal
  timing?: Timing
  onProgress?: (chunk: Chunk, progress: ChunkProgress, receipt: Receipt) => void
}>

export type BackfillReport = Readonly<{ receipt: Receipt; records: number; jobs: number; isStopped: boolean }>

/** The job gives no results, however often it was asked for anew. */
type ChunkFailure = GenesysFailure

const POLL = { firstMs: 1_000, maxMs: 30_000 }
/** A job that the platform ended or forgot is posted anew so often. */
const JOBS_MAX = 3

/**
 * Fetches the conversations and the states of users that a range touches by the platform's jobs, day by day and page by
 * page, and stores each record as a raw event. How far it has come is in the log after every page: the same call goes on
 * there, whatever ended the process; what is fetched again is stored once. What the records say is counted in place of
 * live events of the same conversations, not beside it (`points: metric-records-and-details`).
 */
export const backfill = async (options: BackfillOptions): Promise<E.Either<GenesysFailure, BackfillReport>> => {
  const { logs, raw, tenant, from, to, ticks, signal, timing = machineTiming } = options
  const name = backfillName(from, to)
  const progress = await readProgress(await ifThere(() => logs.control('reader')), tenant, name)
  let report: BackfillReport = { receipt: emptyReceipt, records: 0, jobs: 0, isStopped: false }
  for (const chunk of chunksOf(from, to)) {
    const done = await fetchChunk(
      { ...options, timing, name },
      chunk,
      progressIn(progress, chunk),
      (receipt, records) => {
        report = { ...report, receipt: addReceipts(report.receipt, receipt), records: report.records + records }
        return report.receipt
      },
    )
    if (E.isLeft(done)) return done.left.tag === 'Aborted' ? E.right({ ...report, isStopped: true }) : done
    report = { ...report, jobs: report.jobs + 1 }
  }
  await noteProgress(logs, tenant, { type: 'BackfillEnded', backfill: name }, timing.now())
  // Records are in no order of time, so the clock moves once: none is late because of another.
  const { latest } = report.receipt
  if (ticks && latest !== undefined && !signal.aborted) await appendTick(raw, tenant, Math.min(latest, timing.now()))
  return E.right(report)
}

type ChunkOptions = BackfillOptions & Readonly<{ timing: Timing; name: string }>

const fetchChunk = async (
  options: ChunkOptions,
  chunk: Chunk,
  begun: ChunkProgress,
  stored: (receipt: Receipt, records: number) => Receipt,
): Promise<E.Either<ChunkFailure, void>> => {
  const { client, signal, onProgress, logs, tenant, name, timing } = options
  let progress = begun
  let total = emptyReceipt
  const note = async (next: ChunkProgress): Promise<void> => {
    progress = next
    const noted = { type: 'BackfillChunk', backfill: name, chunk: chunkName(chunk), progress } as const
    await noteProgress(logs, tenant, noted, timing.now())
    onProgress?.(chunk, progress, total)
  }
  const aborted: E.Either<ChunkFailure, void> = E.left({ tag: 'Aborted', what: chunkName(chunk) })
  for (let jobs = 0; !progress.isDone;) {
    if (signal.aborted) return aborted
    if (progress.jobId === undefined) {
      if (jobs++ === JOBS_MAX)
        return E.left({
          tag: 'NotAvailable',
          what: `the job of ${chunkName(chunk)}`,
          reason: `Genesys gave no results of ${JOBS_MAX} jobs`,
        })
      const jobId = await submitJob(client, chunk.kind, chunk.interval, signal)
      if (E.isLeft(jobId)) return jobId
      await note({ pages: 0, records: 0, isDone: false, jobId: jobId.right })
    }
    const page = await nextPage(options, chunk, progress)
    if (page === 'aborted') return aborted
    if (page === 'gone') {
      const { jobId: _, cursor: __, ...anew } = progress
      await note({ ...anew, pages: 0, records: 0 })
      continue
    }
    if (E.isLeft(page)) return page
    const records = recordsOf(page.right)
    total = stored(await store(options, records, chunk), records.length)
    const { cursor: _, ...rest } = progress
    await note({
      ...rest,
      ...(page.right.cursor === undefined ? {} : { cursor: page.right.cursor }),
      pages: progress.pages + 1,
      records: progress.records + records.length,
      isDone: page.right.cursor === undefined,
    })
  }
  return E.right(undefined)
}

/** The next page of a job, once it has results. `gone`: the platform ended the job or does not know it any more. */
const nextPage = async (
  { client, signal, timing }: ChunkOptions,
  { kind }: Chunk,
  { jobId = '', cursor, pages }: ChunkProgress,
): Promise<E.Either<GenesysFailure, JobPage> | 'gone' | 'aborted'> => {
  for (let poll = 0; pages === 0; poll++) {
    if (signal.aborted) return 'aborted'
    const state = await stateOfJob(client, kind, jobId, signal)
    if (E.isLeft(state)) return state.left.tag === 'NotFound' ? 'gone' : state
    if (state.right.kind === 'over') return 'gone'
    if (state.right.kind === 'fulfilled') break
    await timing.sleep(Math.min(POLL.maxMs, POLL.firstMs * 1.5 ** poll), signal)
  }
  const page = await pageOfJob(client, kind, jobId, cursor, signal)
  // A cursor is refused once its results are gone.
  if (E.isLeft(page) && (page.left.tag === 'NotFound' || (page.left.tag === 'Refused' && cursor !== undefined)))
    return 'gone'
  return page
}

/** The records of a page, each with its own bytes. */
const recordsOf = ({ text, hasRecords }: JobPage): readonly Uint8Array[] => {
  if (!hasRecords) return []
  const splitter = new RecordSplitter({ recordBytesMax: RAW_BYTES_MAX + 1, answers: true })
  return [...splitter.push(Buffer.from(text)), ...splitter.end().records].map(({ bytes }) => bytes)
}

const BATCH_MAX = 500

const store = async (
  { raw, tenant, late, timing }: ChunkOptions,
  records: readonly Uint8Array[],
  { kind }: Chunk,
): Promise<Receipt> => {
  const deliver = deliverTo({ log: raw, tenant, now: timing.now, onStored: late?.count })
  let receipt = emptyReceipt
  for (let from = 0; from < records.length; from += BATCH_MAX) {
    await late?.follow()
    const raws = records.slice(from, from + BATCH_MAX)
    receipt = addReceipts(receipt, await deliver({ raws, origin: `genesys:backfill:${kind}` }))
  }
  return receipt
}
