import type { Deliver, RunningSource, Source, SourceEnd } from './source.js'
import { chunksOf, sizeOf, type Chunk } from './input-file.js'

/** Events of a file, each byte for byte, and how many bytes of the file were read so far. */
export type FileBatch = Readonly<{ raws: readonly Uint8Array[]; bytes: number }>

/** Splits the bytes of a file into batches of events, in the order of the file. */
export type FileSplitting = (chunks: AsyncIterable<Chunk>) => AsyncIterable<FileBatch>

export type FileSourceOptions = Readonly<{
  /** A path, or `-` for standard input; plain or gzip. */
  file: string
  split: FileSplitting
  /** Called before each batch is delivered, with the bytes of the file that were read so far. */
  onRead?: (bytes: number) => void
}>

/**
 * A file as a source: it delivers one batch at a time and ends as `exhausted` after the last one. A batch that could
 * not be delivered, or a file that cannot be read, ends it as `failed`.
 */
export const fileSource = ({ file, split, onRead }: FileSourceOptions): Source => ({
  name: `file:${file}`,
  start: async (deliver) => {
    await sizeOf(file)
    const stop = new AbortController()
    const ended = read(split(chunksOf(file, stop.signal)), `file:${file}`, deliver, stop.signal, onRead)
    const close = async (): Promise<void> => {
      stop.abort()
      await ended
    }
    return { ended, close } satisfies RunningSource
  },
})

const read = async (
  batches: AsyncIterable<FileBatch>,
  origin: string,
  deliver: Deliver,
  signal: AbortSignal,
  onRead?: (bytes: number) => void,
): Promise<SourceEnd> => {
  try {
    for await (const { raws, bytes } of batches) {
      if (signal.aborted) break
      onRead?.(bytes)
      await deliver({ raws, origin })
    }
    return { kind: signal.aborted ? 'closed' : 'exhausted' }
  } catch (cause) {
    return { kind: 'failed', cause }
  }
}
