import * as E from 'fp-ts/lib/Either.js'
import type { EventLog } from '../../log/event-log.js'
import { appendTick, EventTimeClock } from '../../ingress/clock.js'
import { fileSource, type FileBatch } from '../../ingress/file-source.js'
import { deliverTo } from '../../ingress/ingest.js'
import { addReceipts, emptyReceipt, type Receipt } from '../../ingress/receipt.js'
import { chunksOf, type Chunk } from '../../ingress/input-file.js'
import { readRawEvent, type Origin } from '../../ingress/raw-event.js'
import type { Deliver, Source } from '../../ingress/source.js'
import { splitLines } from '../../ingress/split.js'

const LINE_FEED = 0x0a
/** Lines in one append; one durable write each. */
const BATCH_LINES = 2_000
/**
 * A line longer than this is not an event of Genesys, and no log takes it: the import stops rather than fill the
 * memory.
 */
const LINE_BYTES_MAX = 8 * 1024 * 1024
/** Step of the event-time clock. */
const TICK_EVERY_MS = 60_000

export type ImportOptions = Readonly<{
  log: EventLog
  tenant: string
  /** A path, or `-` for standard input. */
  file: string
  now: () => number
  signal: AbortSignal
  /** Bytes read of the file (compressed ones where it is compressed) and what became of the lines so far. */
  onProgress?: (bytes: number, receipt: Receipt) => void
}>

/**
 * Reads NDJSON (plain or gzip, told by its first bytes) into the log; the clock follows the events' own time. Running
 * it again stores nothing twice. Throws `NotIngested`.
 */
export const importFile = async ({ log, tenant, file, now, signal, onProgress }: ImportOptions): Promise<Receipt> => {
  const clock = new EventTimeClock(TICK_EVERY_MS)
  const store = deliverTo({ log, tenant, now })
  let receipt = emptyReceipt
  let bytesRead = 0
  const tick = async (at: number | undefined): Promise<void> => {
    if (at !== undefined) await appendTick(log, tenant, at)
  }
  await runSource(
    fileSource({ file, split: eventBatches, onRead: (bytes) => (bytesRead = bytes) }),
    async (batch) => {
      const stored = await store(batch)
      await tick(clock.seen(stored.latest, now()))
      receipt = addReceipts(receipt, stored)
      onProgress?.(bytesRead, receipt)
      return stored
    },
    signal,
  )
  await tick(clock.end(now()))
  return receipt
}

/** Runs a source until it ends, or closes it when the signal aborts. Throws why it failed. */
export const runSource = async (source: Source, deliver: Deliver, signal: AbortSignal): Promise<void> => {
  const running = await source.start(deliver)
  const close = (): void => void running.close()
  if (signal.aborted) close()
  signal.addEventListener('abort', close, { once: true })
  const end = await running.ended
  signal.removeEventListener('abort', close)
  if (end.kind === 'failed') throw end.cause
}

/** Says for each line what it would become; nothing is written. */
export async function* previewFile(
  file: string,
  tenant: string,
  now: () => number,
  signal: AbortSignal,
): AsyncIterable<Preview> {
  let count = 0
  const origin: Origin = { tenant, source: `file:${file}`, receivedAt: now() }
  for await (const { raws } of eventBatches(chunksOf(file, signal)))
    for (const raw of raws) if (!signal.aborted) yield previewOf(raw, ++count, origin)
}

/** What a line, or a piece of another kind of file, would become. */
export type Preview = Readonly<
  { line: number } & (
    | { stream: string; type: string; id: string; facts: readonly string[]; known: boolean }
    | { deadLetter: string; detail: string }
  )
>

export const previewOf = (raw: Uint8Array, line: number, origin: Origin): Preview => {
  const read = readRawEvent(raw, origin)
  if (E.isLeft(read)) return { line, deadLetter: read.left.reason, detail: read.left.detail }
  const { stream, event, facts, known } = read.right
  return { line, stream, type: event.type, id: event.id, facts, known }
}

/** Events of a file of NDJSON, one a line. */
export async function* eventBatches(chunks: AsyncIterable<Chunk>): AsyncIterable<FileBatch> {
  let rest: Buffer = Buffer.alloc(0)
  let raws: Uint8Array[] = []
  let read = 0
  for await (const { chunk, bytes } of chunks) {
    read = bytes
    const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const end = text.lastIndexOf(LINE_FEED) + 1
    rest = text.subarray(end)
    if (rest.length > LINE_BYTES_MAX)
      throw new Error(`a line is longer than ${LINE_BYTES_MAX} bytes; is this NDJSON, one event a line?`)
    raws.push(...splitLines(text.subarray(0, end)))
    while (raws.length >= BATCH_LINES) {
      yield { raws: raws.slice(0, BATCH_LINES), bytes }
      raws = raws.slice(BATCH_LINES)
    }
  }
  raws.push(...splitLines(rest))
  if (raws.length > 0) yield { raws, bytes: read }
}
