import * as E from 'fp-ts/lib/Either.js'
import { appendTick, EventTimeClock } from '../../../ingress/clock.js'
import { batchesOf, fileSource, type FileOptions } from '../../../ingress/files/file-source.js'
import { deliverTo } from '../../../ingress/ingest.js'
import { readRawEvents, type ReadEvent } from '../../../ingress/raw-event.js'
import type { Origin } from '../../../ingress/metadata.js'
import { addReceipts, emptyReceipt, type Receipt } from '../../../ingress/receipt.js'
import type { Deliver, Source } from '../../../ingress/source.js'
import type { EventLog } from '../../../log/event-log.js'

/** Step of the event-time clock. */
const TICK_EVERY_MS = 60_000

export type ImportOptions = Readonly<{
  log: EventLog
  tenant: string
  /** A path, or `-` for standard input. */
  file: string
  now: () => number
  signal: AbortSignal
  /** Bytes read of the file (compressed ones where it is compressed) and the counts so far. */
  onProgress?: (bytes: number, receipt: Receipt) => void
}>

/** `incomplete` says why the file ends early, if it does: importing the whole file later takes the rest. */
export type FileImported = Readonly<{ receipt: Receipt; incomplete: string | undefined }>

/**
 * Imports a file of events into the log: one a line, one after the other, arrays or pretty-printed, plain or gzip. The
 * clock follows the events' own time. Running it again stores nothing twice. Throws `NotIngested`.
 */
export const importFile = async (options: ImportOptions): Promise<FileImported> => {
  const { log, tenant, file, now, signal, onProgress } = options
  const clock = new EventTimeClock(TICK_EVERY_MS)
  const store = deliverTo({ log, tenant, now })
  let receipt = emptyReceipt
  let bytesRead = 0
  let incomplete: string | undefined
  const tick = async (at: number | undefined): Promise<void> => {
    if (at !== undefined) await appendTick(log, tenant, at)
  }
  await runSource(
    fileSource({ file, onRead: (bytes) => (bytesRead = bytes), onIncomplete: (why) => (incomplete = why) }),
    async (batch) => {
      const stored = await store(batch)
      await tick(clock.seen(stored.latest, now()))
      receipt = addReceipts(receipt, inFile(file, stored))
      onProgress?.(bytesRead, receipt)
      return stored
    },
    signal,
  )
  await tick(clock.end(now()))
  return { receipt, incomplete }
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
