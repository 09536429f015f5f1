import * as E from 'fp-ts/lib/Either.js'
import { z } from 'zod'
import type { AppendFailure, StreamAppend } from '../../../log/event-log.js'

/** How appends travel between a command and the process that writes the raw log. */
const eventWire = z.strictObject({ id: z.uuid(), type: z.string(), data: z.base64(), metadata: z.base64() })

const expected = z.union([z.int(), z.literal('no-stream'), z.literal('any')])

export const appendsWire = z.strictObject({
  appends: z.array(z.strictObject({ stream: z.string(), expected, events: z.array(eventWire) })),
})

export const erasureWire = z.strictObject({ stream: z.string() })

const failureWire = z.discriminatedUnion('tag', [
  z.object({ tag: z.literal('WrongExpectedRevision'), stream: z.string(), expected, actual: z.int() }),
  z.object({ tag: z.literal('NotAvailable'), cause: z.string() }),
  z.object({ tag: z.literal('TooLarge'), reason: z.string() }),
  z.object({ tag: z.literal('Refused'), reason: z.string(), isErased: z.literal(true).optional() }),
])

/** An answer: what was done, or why it was not. */
const resultWire = <T extends z.ZodType>(done: T) => z.union([z.object({ done }), z.object({ failed: failureWire })])

export const appendResultsWire = z.object({
  results: z.array(resultWire(z.object({ revision: z.int(), stored: z.array(z.boolean()) }))),
})
export const erasureResultWire = resultWire(z.object({ events: z.int() }))

export const toWire = ({ stream, expected: revision, events }: StreamAppend) => ({
  ...{ stream, expected: revision },
  events: events.map(({ id, type, data, metadata }) => ({ id, type, data: textOf(data), metadata: textOf(metadata) })),
})

export const fromWire = ({ appends }: z.infer<typeof appendsWire>): readonly StreamAppend[] =>
  appends.map(({ stream, expected: revision, events }) => ({
    ...{ stream, expected: revision },
    events: events.map(({ id, type, data, metadata }) => ({
      id,
      type,
      data: bytesOf(data),
      metadata: bytesOf(metadata),
    })),
  }))

export const resultToWire = <T>(result: E.Either<AppendFailure, T>) =>
  E.isRight(result)
    ? { done: result.right }
    : {
        failed:
          result.left.tag === 'NotAvailable' ? { ...result.left, cause: wordsOf(result.left.cause) } : result.left,
      }

export const resultFromWire = <T>(
  result: Readonly<{ done: T }> | Readonly<{ failed: z.infer<typeof failureWire> }>,
): E.Either<AppendFailure, T> => ('done' in result ? E.right(result.done) : E.left(result.failed as AppendFailure))

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'base64')
const wordsOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
