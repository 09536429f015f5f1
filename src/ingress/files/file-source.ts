import { EVENT_BYTES_MAX } from '../../log/append-rules.js'
import { tooLarge } from '../dead-letter.js'
import type { Whole } from '../unusable.js'
import { chunksOf, InputBroken, sizeOf } from './input-file.js'
import { RAW_BYTES_MAX } from '../raw-event.js'
import { RecordSplitter, type SplitRecord } from './record-splitter.js'
import type { Batch, Deliver, Source, SourceEnd } from '../source.js'

/** One append each, and one durable write. */
const BATCH_RECORDS = 2_000
const BATCH_BYTES = 2 * EVENT_BYTES_MAX

export type FileOptions = Readonly<{
  /** A path, or `-` for standard input; plain or gzip. */
  file: string
  /** Split answers of the analytics API into their conversations. */
  answers?: boolean
  /** Leaves out records that are not events. */
  isEvent?: (record: Uint8Array) => boolean
  /** Called before each batch is delivered, with the bytes of the file that were read so far. */
  onRead?: (bytes: number) => void
  /** Called if the file ends early: in the middle of a document, or of gzip data. What it holds is delivered. */
  onIncomplete?: (why: string) => void
}>

/**
 * A file as a source: one event a line, events one after the other, arrays or pretty-printed documents, plain or gzip.
 * It delivers one batch at a time and ends as `exhausted` after the last one. A batch that could not be delivered, or a
 * file that cannot be read, ends it as `failed`. An event that is longer than the log takes becomes a dead letter that
 * holds its beginning.
 */
export const fileSource = (options: FileOptions): Source => ({
  name: `file:${options.file}`,
  start: async (deliver) => {
    await sizeOf(options.file)
    const stop = new AbortController()
    const ended = deliverAll(options, deliver, stop.signal)
    return {
      ended,
      close: async () => {
        stop.abort()
        await ended
      },
    }
  },
})

const deliverAll = async (options: FileOptions, deliver: Deliver, signal: AbortSignal): Promise<SourceEnd> => {
  try {
    for await (const batch of batchesOf(options, signal)) await deliver(batch)
    return { kind: signal.aborted ? 'closed' : 'exhausted' }
  } catch (cause) {
    return { kind: 'failed', cause }
  }
}

/**
 * The batches of a file, in its order; each event with the line on which it begins. Ends early when `signal` aborts.
 */
export async function* batchesOf(options: FileOptions, signal: AbortSignal): AsyncIterable<Batch> {
  const { file, answers = false, isEvent = () => true, onRead, onIncomplete } = options
  const origin = `file:${file}`
  const splitter = new RecordSplitter({ recordBytesMax: RAW_BYTES_MAX, answers })
  let raws: Uint8Array[] = []
  let lines: number[] = []
  let size = 0
  const full = function* (records: readonly SplitRecord[], isLast = false): Iterable<Batch> {
    for (const { bytes, line, oversized, whole } of records) {
      if (!isEvent(bytes)) continue
      if (raws.length > 0 && (oversized || raws.length >= BATCH_RECORDS || size >= BATCH_BYTES)) yield taken()
      if (oversized) yield tooLargeBatch(bytes, line, origin, whole)
      else {
        raws.push(bytes)
        lines.push(line)
        size += bytes.length
      }
    }
    if (isLast && raws.length > 0) yield taken()
  }
  const taken = (): Batch => {
    const batch = { raws, lines, origin }
    raws = []
    lines = []
    size = 0
    return batch
  }

  let read = 0
  let broken: InputBroken | undefined
  try {
    for await (const { chunk, bytes } of chunksOf(file, signal)) {
      read = bytes
      for (const batch of full(splitter.push(chunk))) {
        if (signal.aborted) return
        onRead?.(read)
        yield batch
      }
    }
  } catch (cause) {
    if (!(cause instanceof InputBroken)) throw cause
    broken = cause
  }
  if (signal.aborted) return
  const { records, isComplete } = splitter.end()
  onRead?.(read)
  yield* full(records, true)
  if (broken !== undefined) onIncomplete?.(broken.message)
  else if (!isComplete) onIncomplete?.('it ends before its last bracket is closed')
}

const tooLargeBatch = (head: Uint8Array, line: number, origin: string, whole: Whole | undefined): Batch => ({
  raws: [head],
  lines: [line],
  origin,
  unusable: tooLarge(head, `an event of more than ${RAW_BYTES_MAX} bytes, the limit`, whole),
})
