import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { busy, refusal, type Answer } from './answer.js'
import type { Slot } from './in-flight.js'

/** A body as received, and inflated. */
export type RequestBody = Readonly<{ received: Buffer; document: E.Either<NotGzip, Buffer> }>

export type NotGzip = Readonly<{ detail: string }>

const inflate = promisify(gunzip)

const tooLarge = (what: string, bytesMax: number): Answer =>
  refusal(
    413,
    'too-large',
    `the body ${what} ${bytesMax} bytes, the limit; send fewer events at once. Nothing was stored`,
  )

const noRoom = busy('the bodies in flight fill the memory that they may take; send this one again')

export type BodyLimits = Readonly<{
  /** As sent, and as inflated. */
  bytesMax: number
  /** A body that brings less than `bytesPerSecondMin` in any `slowAfterMs` is cut off. */
  slowAfterMs: number
  bytesPerSecondMin: number
}>

/**
 * Reads a body. `cutOff` aborts if its place is needed by others because it comes too slowly. Once the body is
 * complete, the request takes a place among those that are stored.
 */
export const readBody = async (
  request: IncomingMessage,
  limits: BodyLimits,
  slot: Slot,
  cutOff: AbortSignal,
): Promise<E.Either<Answer, RequestBody>> => {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding !== 'identity' && encoding !== 'gzip')
    return E.left(
      refusal(
        415,
        'unsupported-encoding',
        `content-encoding ${encoding.slice(0, 40)} is not taken; send gzip or none`,
        {
          headers: { 'accept-encoding': 'gzip' },
        },
      ),
    )
  const received = E.flatMap(await readAll(request, limits, slot, cutOff), (body) => E.map(() => body)(slot.store()))
  if (E.isLeft(received)) return received
  if (encoding === 'identity') return E.right({ received: received.right, document: received })
  return inflated(received.right, limits.bytesMax, slot)
}

const tooSlow = (bytesPerSecondMin: number): Answer =>
  refusal(
    408,
    'too-slow',
    `the body came more slowly than ${bytesPerSecondMin} bytes a second; send it again. Nothing was stored`,
    { headers: { 'retry-after': '1', connection: 'close' } },
  )

/**
 * After a refusal the rest of the body is read and discarded: many senders read the answer only after they have sent
 * everything.
 */
const readAll = (
  request: IncomingMessage,
  { bytesMax, slowAfterMs, bytesPerSecondMin }: BodyLimits,
  slot: Slot,
  cutOff: AbortSignal,
): Promise<E.Either<Answer, Buffer>> => {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax)
    return Promise.resolve(E.left(tooLarge('is larger than', bytesMax)))
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    let sizeBefore = 0
    const settle = (result: E.Either<Answer, Buffer>): void => {
      clearInterval(watch)
      cutOff.removeEventListener('abort', slow)
      request.off('data', add)
      resolve(result)
    }
    const abort = (): void =>
      settle(E.left(refusal(400, 'incomplete-body', `the body broke off after ${size} bytes. Nothing was stored`)))
    const slow = (): void => settle(E.left(tooSlow(bytesPerSecondMin)))
    const add = (chunk: Buffer): void => {
      size += chunk.length
      if (size > bytesMax) settle(E.left(tooLarge('is larger than', bytesMax)))
      else if (!slot.reserve(chunk.length)) settle(E.left(noRoom))
      else chunks.push(chunk)
    }
    const watch = setInterval(() => {
      if (size - sizeBefore < (bytesPerSecondMin * slowAfterMs) / 1_000) slow()
      sizeBefore = size
    }, slowAfterMs)
    cutOff.addEventListener('abort', slow)
    request.on('data', add)
    request.on('end', () => settle(E.right(Buffer.concat(chunks, Math.min(size, bytesMax)))))
    request.on('error', abort)
    request.on('close', abort) // has no effect after `end`
  })
}

const inflated = async (received: Buffer, bytesMax: number, slot: Slot): Promise<E.Either<Answer, RequestBody>> => {
  try {
    const document = await inflate(received, { maxOutputLength: bytesMax })
    return slot.reserve(document.length) ? E.right({ received, document: E.right(document) }) : E.left(noRoom)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      return E.left(tooLarge('inflates to more than', bytesMax))
    return E.right({ received, document: E.left({ detail: `the body is not gzip: ${(cause as Error).message}` }) })
  }
}
