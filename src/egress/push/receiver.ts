import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/** A file for a receiver. `manifest` says in JSON what the file is. */
export type PushedFile = Readonly<{
  feed: string
  number: number
  version: number
  name: string
  bytes: Buffer
  contentType: string
  /** Of the bytes, in hexadecimal. */
  sha256: string
  manifest: Buffer
  complete: boolean
}>

/** What the receiver said, in words that hold no secret. */
export type Accepted = Readonly<{ status: string; words?: string }>

/**
 * - `NotDelivered`: it cannot be had now, or does not let us in; the same file may be sent again. `retryAfterMs`: not
 *   before. Whether it has the file is unknown.
 * - `FileRefused`: it has looked at the file and does not take it. Sending it again does not help.
 */
export type PushFailure =
  | Readonly<{ tag: 'NotDelivered'; why: string; retryAfterMs?: number }>
  | Readonly<{ tag: 'FileRefused'; status: string; why: string }>

/**
 * Where the files of a feed go. Sending a file again is safe: the receiver gets the same bytes under the same name and
 * number. Nobody who looks at the destination ever sees a part of a file.
 */
export type Receiver = Readonly<{
  /** Where it is, for messages: without credentials. */
  place: string
  deliver: (file: PushedFile, signal: AbortSignal) => TaskEither<PushFailure, Accepted>
}>
