import { constants, createReadStream } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { Transform, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Some inflated bytes of a file, and how many bytes of the file itself were read so far. */
export type Chunk = Readonly<{ chunk: Buffer; bytes: number }>

/** The gzip data of a file is damaged or ends early. Everything before the damage was read. */
export class InputBroken extends Error {
  override readonly name = 'InputBroken'
}

/** The file cannot be read at all; the message names it. */
export class FileUnreadable extends Error {
  override readonly name = 'FileUnreadable'
}

/** Byte order marks of UTF-16, which some shells write. */
const UTF_16 = ['fffe', 'feff']

/** Bytes of a file, for a progress bar; `undefined` for standard input. Rejects for a folder or a missing file. */
export const sizeOf = async (file: string): Promise<number | undefined> => {
  if (file === '-') return undefined
  await access(file, constants.R_OK)
  const stats = await stat(file)
  if (stats.isDirectory()) throw new Error('it is a folder; name the files in it')
  return stats.size
}

/**
 * Reads a file, plain or gzip, chunk by chunk; `-` is standard input. Ends early, without an error, when the signal
 * aborts. Throws `InputBroken` where gzip data is damaged, `FileUnreadable` if nothing can be read.
 */
export async function* chunksOf(file: string, signal: AbortSignal): AsyncIterable<Chunk> {
  if (signal.aborted) return
  let bytes = 0
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length
      done(null, chunk)
    },
  })
  const source: Readable = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1024 * 1024 })
  const stop = (): void => void source.destroy(new Error('aborted'))
  signal.addEventListener('abort', stop, { once: true })
  source.on('error', (cause) => counted.destroy(cause))
  try {
    let isFirst = true
    for await (const chunk of await inflated(source.pipe(counted))) {
      if (signal.aborted) return
      if (isFirst && UTF_16.includes((chunk as Buffer).toString('hex', 0, 2)))
        throw new FileUnreadable(`cannot read ${file}: it is UTF-16; convert it to UTF-8`)
      isFirst = false
      yield { chunk: chunk as Buffer, bytes }
    }
  } catch (cause) {
    if (signal.aborted) return
    const { code, syscall, message } = cause as NodeJS.ErrnoException
    if (syscall !== undefined) throw new FileUnreadable(`cannot read ${file}: ${message}`, { cause })
    if (code?.startsWith('Z_') !== true) throw cause
    throw new InputBroken(`its gzip data is damaged or cut short (${message})`, { cause })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Gzip is recognised by its magic number, whatever the name of the file. */
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
