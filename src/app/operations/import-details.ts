import { appendTick } from '../../ingress/clock.js'
import { ConversationCutter } from '../../ingress/split-conversations.js'
import { isObject } from '../../ingress/decode/fields.js'
import { addReceipts, emptyReceipt, ingest, type Receipt } from '../../ingress/ingest.js'
import { EVENT_BYTES_MAX } from '../../log/append-rules.js'
import type { EventLog } from '../../log/event-log.js'
import { previewOf, type Preview } from './import-events.js'
import { chunksOf } from './input-file.js'

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
  let receipt = emptyReceipt
  const brokenOff: string[] = []
  for (const file of files)
    for await (const { pieces, bytes, isWhole } of conversationBatches(file, signal)) {
      if (!isWhole) brokenOff.push(file)
      receipt = addReceipts(receipt, await ingest(log, pieces, { tenant, source: `file:${file}`, receivedAt: now() }))
      onProgress?.(file, bytes, receipt)
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
  for await (const { pieces } of conversationBatches(file, signal))
    for (const piece of pieces) yield previewOf(piece, ++count, origin)
}

type Batch = Readonly<{ pieces: readonly Uint8Array[]; bytes: number; isWhole: boolean }>

/** The last batch, which may be empty, says whether the file is whole. */
async function* conversationBatches(file: string, signal: AbortSignal): AsyncIterable<Batch> {
  const cutter = new ConversationCutter(CONVERSATION_BYTES_MAX)
  let batch: Uint8Array[] = []
  let batchBytes = 0
  let read = 0
  for await (const { chunk, bytes } of chunksOf(file, signal)) {
    read = bytes
    for (const piece of cutter.push(chunk)) {
      if (isEmptyAnswer(piece)) continue
      batch.push(piece)
      batchBytes += piece.length
      if (batch.length < BATCH_MAX && batchBytes < BATCH_BYTES_MAX) continue
      yield { pieces: batch, bytes, isWhole: true }
      batch = []
      batchBytes = 0
    }
  }
  if (signal.aborted) return
  const { pieces, isComplete } = cutter.end()
  batch.push(...pieces.filter((piece) => !isEmptyAnswer(piece)))
  yield { pieces: batch, bytes: read, isWhole: isComplete }
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
