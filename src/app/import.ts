import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Transform, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import type { EventLog } from '../log/event-log.js'
import { appendTick, EventTimeClock } from '../ingress/clock.js'
import { addReceipts, emptyReceipt, ingest, type Receipt } from '../ingress/ingest.js'
import { readRawEvent, type Origin } from '../ingress/raw-event.js'
import { splitLines } from '../ingress/split.js'

const LINE_FEED = 0x0a
/** Lines in one append; one durable write each. */
const BATCH_LINES = 2_000
/** A line longer than this is not an event of Genesys, and no log takes it: the import stops rather than fill the memory. */
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
 * Reads NDJSON (plain or gzip, told by its first bytes) into the log; the clock follows the events' own time. Running it again stores nothing twice.
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

/** What a line would become. */
export type Preview = Readonly<
  { line: number } & ({ stream: string; type: string; id: string; facts: readonly string[] } | { deadLetter: string; detail: string })
>

/** Says for each line what it would become; nothing is written. */
export async function* previewFile(file: string, tenant: string, now: () => number, signal: AbortSignal): AsyncIterable<Preview> {
  let line = 0
  const origin: Origin = { tenant, source: `file:${file}`, receivedAt: now() }
  for await (const { lines } of lineBatches(file, signal))
    for (const raw of lines) {
      line++
      const read = readRawEvent(raw, origin)
      if (E.isLeft(read)) yield { line, deadLetter: read.left.reason, detail: read.left.detail }
      else yield { line, stream: read.right.stream, type: read.right.event.type, id: read.right.event.id, facts: read.right.facts }
    }
}

/** Bytes of a file, for a progress bar; `undefined` for standard input. */
export const sizeOf = async (file: string): Promise<number | undefined> => (file === '-' ? undefined : (await stat(file)).size)

async function* lineBatches(file: string, signal: AbortSignal): AsyncIterable<Readonly<{ lines: readonly Uint8Array[]; bytes: number }>> {
  let bytes = 0
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length
      done(null, chunk)
    },
  })
  const source: Readable = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1024 * 1024 })
  source.on('error', (cause) => counted.destroy(cause))
  const plain = await inflated(source.pipe(counted))
  let rest: Buffer = Buffer.alloc(0)
  let lines: Uint8Array[] = []
  for await (const chunk of plain) {
    if (signal.aborted) return
    const text = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer])
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
  lines.push(...splitLines(rest))
  if (lines.length > 0) yield { lines, bytes }
}

/** Gzip is told by its magic number, whatever the file is called. */
const inflated = async (stream: Readable): Promise<Readable> => {
  const first: Buffer | null = await new Promise((resolve, reject) => {
    stream.once('error', reject)
    stream.once('end', () => resolve(null))
    stream.once('readable', () => resolve(stream.read() as Buffer | null))
  })
  if (first === null) return stream
  stream.unshift(first)
  if (first[0] !== 0x1f || first[1] !== 0x8b) return stream
  const gunzip = createGunzip()
  stream.on('error', (cause) => gunzip.destroy(cause))
  return stream.pipe(gunzip)
}
