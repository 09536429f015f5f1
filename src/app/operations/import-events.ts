import * as E from 'fp-ts/lib/Either.js'
import type { EventLog } from '../../log/event-log.js'
import { appendTick, EventTimeClock } from '../../ingress/clock.js'
import { addReceipts, emptyReceipt, ingest, type Receipt } from '../../ingress/ingest.js'
import { readRawEvent, type Origin } from '../../ingress/raw-event.js'
import { splitLines } from '../../ingress/split.js'
import { chunksOf } from './input-file.js'

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
 * it again stores nothing twice.
 */
export const importFile = async ({ log, tenant, file, now, signal, onProgress }: ImportOptions): Promise<Receipt> => {
  const clock = new EventTimeClock(TICK_EVERY_MS)
  let receipt = emptyReceipt
  const tick = async (at: number | undefined): Promise<void> => {
    if (at !== undefined) await appendTick(log, tenant, at)
  }
  for await (const { lines, bytes } of lineBatches(file, signal)) {
    const taken = await ingest(log, lines, { tenant, source: `file:${file}`, receivedAt: now() })
    await tick(clock.seen(taken.latest, now()))
    receipt = addReceipts(receipt, taken)
    onProgress?.(bytes, receipt)
  }
  await tick(clock.end(now()))
  return receipt
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
  for await (const { lines } of lineBatches(file, signal))
    for (const raw of lines) yield previewOf(raw, ++count, origin)
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

async function* lineBatches(
  file: string,
  signal: AbortSignal,
): AsyncIterable<Readonly<{ lines: readonly Uint8Array[]; bytes: number }>> {
  let rest: Buffer = Buffer.alloc(0)
  let lines: Uint8Array[] = []
  let read = 0
  for await (const { chunk, bytes } of chunksOf(file, signal)) {
    read = bytes
    const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const end = text.lastIndexOf(LINE_FEED) + 1
    rest = text.subarray(end)
    if (rest.length > LINE_BYTES_MAX)
      throw new Error(`${file}: a line is longer than ${LINE_BYTES_MAX} bytes; is this NDJSON, one event a line?`)
    lines.push(...splitLines(text.subarray(0, end)))
    while (lines.length >= BATCH_LINES) {
      yield { lines: lines.slice(0, BATCH_LINES), bytes }
      lines = lines.slice(BATCH_LINES)
    }
  }
  if (signal.aborted) return
  lines.push(...splitLines(rest))
  if (lines.length > 0) yield { lines, bytes: read }
}
