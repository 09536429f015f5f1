import { genesysStream } from '../../../../domain/stream-name.js'
import { DAY_MS, type EpochMs, type Interval } from '../../../../domain/interval.js'
import { detailKinds, type DetailKind } from '../../../../genesys/detail-jobs.js'
import { contentId } from '../../../../log/content-id.js'
import type { EventLog } from '../../../../log/event-log.js'
import type { Logs } from '../../../pipeline/logs/logs.js'
import { appendRecords } from '../../acceptance/append-records.js'

/** A part of a backfill: one job of the platform. */
export type Chunk = Readonly<{ kind: DetailKind; interval: Interval }>

/** How far a chunk has come: the job that it asks, and where its next page is. */
export type ChunkProgress = Readonly<{
  jobId?: string
  cursor?: string
  pages: number
  records: number
  isDone: boolean
}>

const notBegun: ChunkProgress = { pages: 0, records: 0, isDone: false }

/** A backfill as the log keeps it. Its name is its range, so that the same command goes on with it. */
export type BackfillProgress = Readonly<{ chunks: ReadonlyMap<string, ChunkProgress>; isDone: boolean }>

/**
 * The jobs of a range: days of each kind. A job of a longer stretch is slower, and is lost as a whole when the platform
 * forgets it.
 */
export const chunksOf = (from: EpochMs, to: EpochMs): readonly Chunk[] => {
  const chunks: Chunk[] = []
  for (const kind of detailKinds)
    for (let start = from; start < to; start += DAY_MS)
      chunks.push({ kind, interval: { start, end: Math.min(to, start + DAY_MS) } })
  return chunks
}

export const chunkName = ({ kind, interval: { start, end } }: Chunk): string =>
  `${kind} ${new Date(start).toISOString()}/${new Date(end).toISOString()}`

export const backfillName = (from: EpochMs, to: EpochMs): string =>
  `${new Date(from).toISOString()}/${new Date(to).toISOString()}`

/** What is noted: of a chunk its progress as it stands, of a backfill that it is done. */
type Noted =
  | Readonly<{ type: 'BackfillChunk'; backfill: string; chunk: string; progress: ChunkProgress }>
  | Readonly<{ type: 'BackfillEnded'; backfill: string }>

/** How far the backfill of this name has come; one that is done begins anew. */
export const readProgress = async (
  control: EventLog | undefined,
  tenant: string,
  name: string,
): Promise<BackfillProgress> => {
  const chunks = new Map<string, ChunkProgress>()
  let isDone = false
  if (control !== undefined)
    for await (const batch of control.readStream(genesysStream(tenant)))
      for (const { type, data } of batch) {
        if (type !== 'BackfillChunk' && type !== 'BackfillEnded') continue
        const noted = { type, ...(JSON.parse(Buffer.from(data).toString('utf8')) as object) } as Noted
        if (noted.backfill !== name) continue
        if (isDone) chunks.clear()
        isDone = noted.type === 'BackfillEnded'
        if (noted.type === 'BackfillChunk') chunks.set(noted.chunk, noted.progress)
      }
  return { chunks, isDone }
}

export const progressIn = ({ chunks, isDone }: BackfillProgress, chunk: Chunk): ChunkProgress =>
  isDone ? notBegun : (chunks.get(chunkName(chunk)) ?? notBegun)

export const noteProgress = (
  logs: Pick<Logs, 'changingControl'>,
  tenant: string,
  { type, ...body }: Noted,
  at: EpochMs,
): Promise<void> => {
  const data = Buffer.from(JSON.stringify({ ...body, at: new Date(at).toISOString() }))
  const id = contentId(type, tenant, data.toString('utf8'))
  return logs.changingControl((control) =>
    appendRecords(control, genesysStream(tenant), [{ id, type, data, metadata: Buffer.from('{}') }]),
  )
}
