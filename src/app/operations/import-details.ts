import { appendTick } from '../../ingress/clock.js'
import { ConversationCutter } from '../../ingress/split-conversations.js'
import { isObject } from '../../ingress/decode/fields.js'
import { fileSource, type FileBatch } from '../../ingress/file-source.js'
import { deliverTo } from '../../ingress/ingest.js'
import { addReceipts, emptyReceipt, type Receipt } from '../../ingress/receipt.js'
import { chunksOf, type Chunk } from '../../ingress/input-file.js'
import { EVENT_BYTES_MAX } from '../../log/append-rules.js'
import type { EventLog } from '../../log/event-log.js'
import { previewOf, runSource, type Preview } from './import-events.js'

/** One append; one durable write each. */
const BATCH_MAX = 1_000
const BATCH_BYTES_MAX = 32 * 1024 * 1024
/** What the log takes as one event, less the room for what we write beside it. */
const CONVERSATION_BYTES_MAX = EVENT_BYTES_MAX - 64 * 1024

export type ImportDetailsOptions = Readonly<{
  log: EventLog
  tenant: string
  /** Paths, or `-` for standard input. */
  files: readonly string[]
  now: () => number
  signal: AbortSignal
  /** Bytes read of the file (compressed ones where it is compressed), and what became of all conversations so far. */
  onProgress?: (file: string, bytes: number, receipt: Receipt) => void
}>

/**
 * `brokenOff` names the files that end before their last bracket: what they hold was taken in, and importing the whole
 * file later takes the rest.
 */
export type DetailsImported = Readonly<{ receipt: Receipt; brokenOff: readonly string[] }>

/**
 * Takes conversation-detail records as the analytics API returns them (answers of the details query or of jobs, arrays,
 * single records, one a line; plain or gzip) into the log. Running it again stores nothing twice; records fetched again
 * when their conversations had gone on add what is new. Conversations come in no order of time, so the clock moves
 * once, at the end of all files, to the last emission: nothing of one file is late because of another.
 */
export const importDetails = async ({
  log,
  tenant,
  files,
  now,
  signal,
  onProgress,
}: ImportDetailsOptions): Promise<DetailsImported> => {
  const store = deliverTo({ log, tenant, now })
  let receipt = emptyReceipt
  const brokenOff: string[] = []
  for (const file of files) {
    if (signal.aborted) break
    let bytesRead = 0
    const split = (chunks: AsyncIterable<Chunk>): AsyncIterable<FileBatch> =>
      conversationBatches(chunks, () => {
        if (!signal.aborted) brokenOff.push(file)
      })
    await runSource(
      fileSource({ file, split, onRead: (bytes) => (bytesRead = bytes) }),
      async (batch) => {
        const stored = await store(batch)
        receipt = addReceipts(receipt, stored)
        onProgress?.(file, bytesRead, receipt)
        return stored
      },
      signal,
    )
  }
  if (receipt.latest !== undefined && !signal.aborted) await appendTick(log, tenant, Math.min(receipt.latest, now()))
  return { receipt, brokenOff }
}

/** Says for each conversation what it would become; nothing is written. */
export async function* previewDetails(
  file: string,
  tenant: string,
  now: () => number,
  signal: AbortSignal,
): AsyncIterable<Preview> {
  let count = 0
  const origin = { tenant, source: `file:${file}`, receivedAt: now() }
  for await (const { raws } of conversationBatches(chunksOf(file, signal)))
    for (const raw of raws) if (!signal.aborted) yield previewOf(raw, ++count, origin)
}

/** `onBrokenOff` is called if the file ends before its last bracket is closed. */
async function* conversationBatches(
  chunks: AsyncIterable<Chunk>,
  onBrokenOff: () => void = () => {},
): AsyncIterable<FileBatch> {
  const cutter = new ConversationCutter(CONVERSATION_BYTES_MAX)
  let raws: Uint8Array[] = []
  let batchBytes = 0
  let read = 0
  for await (const { chunk, bytes } of chunks) {
    read = bytes
    for (const piece of cutter.push(chunk)) {
      if (isEmptyAnswer(piece)) continue
      raws.push(piece)
      batchBytes += piece.length
      if (raws.length < BATCH_MAX && batchBytes < BATCH_BYTES_MAX) continue
      yield { raws, bytes }
      raws = []
      batchBytes = 0
    }
  }
  const { pieces, isComplete } = cutter.end()
  raws.push(...pieces.filter((piece) => !isEmptyAnswer(piece)))
  if (!isComplete) onBrokenOff()
  yield { raws, bytes: read }
}

/** What an answer says beside its conversations; one that found none may leave them out. */
const ofAnswers: ReadonlySet<string> = new Set([
  'conversations',
  'aggregations',
  'totalHits',
  'cursor',
  'dataAvailabilityDate',
])
const EMPTY_ANSWER_BYTES_MAX = 64 * 1024

const isEmptyAnswer = (piece: Uint8Array): boolean => {
  if (
    piece.length > EMPTY_ANSWER_BYTES_MAX ||
    Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).includes('"conversationId"')
  )
    return false
  try {
    const value: unknown = JSON.parse(Buffer.from(piece).toString('utf8'))
    return (
      isObject(value) &&
      Object.keys(value).every((key) => ofAnswers.has(key)) &&
      (value['conversations'] ?? null) === null
    )
  } catch {
    return false
  }
}
