import * as E from 'fp-ts/lib/Either.js'
import { appendTick, EventTimeClock } from '../../../ingress/clock.js'
import { batchesOf, type FileOptions } from '../../../ingress/files/file-source.js'
import { sizeOf } from '../../../ingress/files/input-file.js'
import { ingest } from '../../../ingress/ingest.js'
import { readRawEvents, type ReadEvent } from '../../../ingress/raw-event.js'
import type { Origin } from '../../../ingress/metadata.js'
import { addReceipts, emptyReceipt, type Receipt } from '../../../ingress/receipt.js'
import type { Batch, Deliver, Source } from '../../../ingress/source.js'
import type { EventLog } from '../../../log/event-log.js'
import type { LateCount } from './late-count.js'
import { ownReader, type BatchReader } from './batch-reader.js'

/** Step of the event-time clock. */
const TICK_EVERY_MS = 60_000

export type ImportOptions = Readonly<{
  log: EventLog
  tenant: string
  /** A path, or `-` for standard input. */
  file: string
  now: () => number
  signal: AbortSignal
  /** Reads the events; in this thread unless told otherwise. */
  reader?: BatchReader
  /** Counts what a generation will find too late. */
  late?: LateCount | undefined
  /** Bytes read of the file (compressed ones where it is compressed) and the counts so far. */
  onProgress?: (bytes: number, receipt: Receipt) => void
}>

/** `incomplete` says why the file ends early, if it does: importing the whole file later takes the rest. */
export type FileImported = Readonly<{ receipt: Receipt; incomplete: string | undefined }>

/** A batch that is being read, and how much of its file was read for it. */
type Reading = Readonly<{
  batch: Batch
  origin: Origin
  events: Promise<readonly (readonly ReadEvent[])[]>
  bytes: number
}>

/**
 * Imports a file of events into the log: one a line, one after the other, arrays or pretty-printed, plain or gzip. The
 * clock follows the events' own time. Running it again stores nothing twice. Throws `NotIngested`.
 *
 * Batches are stored one at a time and in the order of the file, whoever reads their events; the next ones are read
 * meanwhile.
 */
export const importFile = async (options: ImportOptions): Promise<FileImported> => {
  const { log, tenant, file, now, signal, onProgress, late, reader = ownReader } = options
  await sizeOf(file)
  const clock = new EventTimeClock(TICK_EVERY_MS)
  let receipt = emptyReceipt
  let bytesRead = 0
  let incomplete: string | undefined
  let ticking: Promise<unknown> = Promise.resolve()
  /** Moves the clock behind what was stored. What is stored next shares its commit. */
  const tick = (at: number | undefined): void => {
    if (at === undefined) return
    ticking = appendTick(log, tenant, at)
    ticking.catch(() => undefined) // thrown where it is waited for
  }
  const read = (batch: Batch): Reading => {
    const origin = { tenant, source: batch.origin, receivedAt: now() }
    const events = batch.unusable === undefined ? reader.read(batch.raws, origin) : Promise.resolve([])
    events.catch(() => undefined) // thrown where it is waited for, if it is
    return { batch, origin, events, bytes: bytesRead }
  }
  const store = async ({ batch, origin, events, bytes }: Reading): Promise<void> => {
    const ofRaws = await events
    await late?.follow()
    const read = (_: Uint8Array, index: number): readonly ReadEvent[] => ofRaws[index] ?? []
    const before = ticking
    const stored = await ingest(log, batch.raws, origin, { ...batch, read, onStored: late?.count })
    await before
    tick(clock.seen(stored.latest, now()))
    receipt = addReceipts(receipt, inFile(file, stored))
    onProgress?.(bytes, receipt)
  }
  const onRead = (bytes: number): void => void (bytesRead = bytes)
  const onIncomplete = (why: string): void => void (incomplete = why)
  await inOrder(batchesOf({ file, onRead, onIncomplete }, signal), { read, store, aheadMax: reader.aheadMax, signal })
  await ticking
  tick(clock.end(now()))
  await ticking
  return { receipt, incomplete }
}

type InOrder<A, B> = Readonly<{
  read: (item: A) => B
  store: (read: B) => Promise<void>
  /** Items that are read beyond the one that is being stored and the one that comes next. */
  aheadMax: number
  signal: AbortSignal
}>

/**
 * Stores items in their order, one at a time, and reads the next ones meanwhile. If the input fails, what came before
 * is stored; when the signal aborts, only what is being stored.
 */
const inOrder = async <A, B>(
  items: AsyncIterable<A>,
  { read, store, aheadMax, signal }: InOrder<A, B>,
): Promise<void> => {
  const waiting: B[] = []
  let storing = Promise.resolve()
  const storeNext = async (): Promise<void> => {
    await storing
    if (signal.aborted) return
    storing = store(waiting.shift() as B)
    storing.catch(() => undefined) // thrown by the next `await storing`
  }
  let broken: Readonly<{ cause: unknown }> | undefined
  try {
    for await (const item of items) {
      waiting.push(read(item))
      if (waiting.length > aheadMax) await storeNext()
    }
  } catch (cause) {
    broken = { cause }
  }
  while (waiting.length > 0 && !signal.aborted) await storeNext()
  await storing
  if (broken !== undefined) throw broken.cause
}

/** The receipt with the file in each of its problems. */
export const inFile = (file: string, receipt: Receipt): Receipt => ({
  ...receipt,
  problems: receipt.problems.map((problem) => ({ ...problem, file })),
})

/** Runs a source until it ends, or closes it when the signal aborts. Throws the cause if it failed. */
export const runSource = async (source: Source, deliver: Deliver, signal: AbortSignal): Promise<void> => {
  const running = await source.start(deliver)
  const close = (): void => void running.close()
  if (signal.aborted) close()
  signal.addEventListener('abort', close, { once: true })
  const end = await running.ended
  signal.removeEventListener('abort', close)
  if (end.kind === 'failed') throw end.cause
}

/** What an event of a file would become; `line` is the line of the file on which it begins. */
export type Preview = Readonly<
  { line: number } & (
    | { stream: string; type: string; id: string; facts: readonly string[]; known: boolean }
    | { deadLetter: string; detail: string }
  )
>

/** Determines for each event of a file what it would become; nothing is written. */
export async function* previewFile(
  options: FileOptions,
  tenant: string,
  now: () => number,
  signal: AbortSignal,
): AsyncIterable<Preview> {
  for await (const { raws, lines = [], origin, unusable } of batchesOf(options, signal)) {
    const from: Origin = { tenant, source: origin, receivedAt: now() }
    for (const [index, raw] of raws.entries()) {
      const line = lines[index] ?? 0
      if (unusable !== undefined) yield { line, deadLetter: unusable.reason, detail: unusable.detail }
      else for (const event of readRawEvents(raw, from)) yield previewOf(event, line)
    }
  }
}

const previewOf = ({ read }: ReadEvent, line: number): Preview => {
  if (E.isLeft(read)) return { line, deadLetter: read.left.reason, detail: read.left.detail }
  const { stream, event, facts, known } = read.right
  return { line, stream, type: event.type, id: event.id, facts, known }
}
