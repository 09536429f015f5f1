import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'

/** A file that does not hold responses of the API. The message says where and why. */
export class SourceUnreadable extends Error {
  override readonly name = 'SourceUnreadable'
}

/** A longer object is not a response of the API, and would not fit into a string. */
const VALUE_BYTES_MAX = 384 * 1024 * 1024

export type SourceOptions = Readonly<{
  /** A path, or `-` for standard input. Gzip is recognised by its first bytes. */
  file: string
  signal: AbortSignal
  /** Bytes read of the file, before decompression. */
  onProgress?: (bytes: number) => void
}>

/**
 * The size of a file, for a progress bar; `undefined` for standard input. Throws `SourceUnreadable` if there is no
 * file.
 */
export const sourceBytes = async (file: string): Promise<number | undefined> => {
  if (file === '-') return undefined
  const found = await stat(file).catch((cause: unknown) => {
    throw new SourceUnreadable(`cannot read ${file}: ${(cause as Error).message}`)
  })
  if (found.isDirectory()) throw new SourceUnreadable(`cannot read ${file}: it is a folder`)
  return found.size
}

/**
 * Parses the JSON objects of a file one by one: NDJSON, an array, or a single object, in any indentation. All of these
 * occur where people save API responses. Memory is bounded by one object, not by the file.
 */
export async function* jsonObjects(options: SourceOptions): AsyncIterable<unknown> {
  const splitter = new ObjectSplitter(options.file)
  for await (const chunk of plainBytes(options)) {
    if (options.signal.aborted) return
    for (const bytes of splitter.push(chunk)) yield parsed(bytes, options.file)
  }
  splitter.end()
}

const parsed = (bytes: Buffer, file: string): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch (cause) {
    throw new SourceUnreadable(`${file} is not JSON: ${(cause as Error).message}`)
  }
}

async function* plainBytes({ file, onProgress }: SourceOptions): AsyncIterable<Buffer> {
  const source = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1024 * 1024 })
  let read = 0
  const counted = async function* (): AsyncIterable<Buffer> {
    for await (const chunk of source) {
      read += (chunk as Buffer).length
      onProgress?.(read)
      yield chunk as Buffer
    }
  }
  const chunks = counted()[Symbol.asyncIterator]()
  const first = await chunks.next()
  if (first.done === true) return
  const all = async function* (): AsyncIterable<Buffer> {
    yield first.value
    yield* { [Symbol.asyncIterator]: () => chunks }
  }
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield* all()
    return
  }
  try {
    const gunzip = createGunzip()
    const feeding = feed(all(), gunzip)
    for await (const chunk of gunzip) yield chunk as Buffer
    await feeding
  } catch (cause) {
    throw new SourceUnreadable(`${file} begins like gzip and is none: ${(cause as Error).message}`)
  }
}

const feed = async (chunks: AsyncIterable<Buffer>, gunzip: ReturnType<typeof createGunzip>): Promise<void> => {
  try {
    for await (const chunk of chunks)
      if (!gunzip.write(chunk) && !gunzip.destroyed)
        await new Promise<void>((resolve) => {
          gunzip.once('drain', resolve)
          gunzip.once('close', resolve)
        })
    gunzip.end()
  } catch (cause) {
    gunzip.destroy(cause as Error)
  }
}

const [SPACE, TAB, LF, CR, QUOTE, BACKSLASH, COMMA] = [0x20, 0x09, 0x0a, 0x0d, 0x22, 0x5c, 0x2c]
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d]
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/**
 * Finds the objects in a stream of bytes by counting brackets outside strings. The JSON parser checks their content.
 */
class ObjectSplitter {
  private readonly file: string
  private at = 0
  private depth = 0
  private isInArray = false
  private isInString = false
  private isEscaped = false
  private parts: Buffer[] = []
  private partBytes = 0

  constructor(file: string) {
    this.file = file
  }

  push(chunk: Buffer): readonly Buffer[] {
    const found: Buffer[] = []
    let from = 0
    for (let i = 0; i < chunk.length; i++, this.at++) {
      const byte = chunk[i] as number
      if (this.isInString) {
        if (this.isEscaped) this.isEscaped = false
        else if (byte === BACKSLASH) this.isEscaped = true
        else if (byte === QUOTE) this.isInString = false
      } else if (this.depth === 0) {
        if (byte === OPEN_OBJECT) {
          this.depth = 1
          from = i
        } else this.between(byte)
      } else if (byte === QUOTE) this.isInString = true
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.depth += 1
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.depth -= 1
        if (this.depth > 0) continue
        found.push(Buffer.concat([...this.parts, chunk.subarray(from, i + 1)]))
        this.parts = []
        this.partBytes = 0
      }
    }
    if (this.depth > 0) this.keep(chunk.subarray(from))
    return found
  }

  end(): void {
    if (this.depth > 0 || this.isInArray)
      throw new SourceUnreadable(`${this.file} ends in the middle of an answer: it is cut short`)
  }

  private keep(part: Buffer): void {
    this.parts.push(part)
    this.partBytes += part.length
    if (this.partBytes > VALUE_BYTES_MAX)
      throw new SourceUnreadable(
        `${this.file}: one answer is longer than ${VALUE_BYTES_MAX} bytes; ask the API for shorter ranges`,
      )
  }

  /** Accepts what may stand between objects: white space, commas, and the brackets of an array. */
  private between(byte: number): void {
    if (byte === SPACE || byte === LF || byte === CR || byte === TAB || byte === COMMA) return
    if (byte === OPEN_ARRAY && !this.isInArray) this.isInArray = true
    else if (byte === CLOSE_ARRAY && this.isInArray) this.isInArray = false
    else if (!(this.at < 3 && byte === BYTE_ORDER_MARK[this.at]))
      throw new SourceUnreadable(
        `${this.file} holds no answers of the API: at byte ${this.at} there is neither an object nor an array of them`,
      )
  }
}
