/** Test support: what is behind the faulty server: a store in memory, or a real EventStoreDB. */
import type { BatchAppendReq, BatchAppendResp, ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { Faults } from './faults.js'
import type { Refusal } from './refusals.js'

/** Calls as they reach a server without faults. It rejects or throws a `Refusal`. */
export type Backend = Readonly<{
  /** One batch call: takes whole appends in order, and answers each with its correlation id. */
  batch: (
    answer: (message: BatchAppendResp) => void,
    fail: (refusal: Refusal) => void,
  ) => Readonly<{ append: (messages: readonly BatchAppendReq[]) => void; end: () => void }>
  read: (request: ReadReq, signal: AbortSignal) => AsyncIterable<ReadResp>
  tombstone: (stream: string) => Promise<void>
}>

export type Held = Readonly<{ id: string; stream: string; data: Uint8Array; commit: bigint }>

/** Shared by the servers of one cluster. Names are its own: no test sees the streams of another. */
export type Data = Readonly<{
  /** Some faults exist only in memory: answers of older servers, and a leader that knows part of the log. */
  backend: (faults: Faults) => Backend
  /** The readable events of a stream. */
  streamOf: (stream: string) => Promise<readonly Held[]>
  all: () => Promise<readonly Held[]>
  tombstone: (stream: string) => Promise<void>
  /** The present events can no longer be read, but their revisions stay used. */
  expire: (stream: string) => Promise<void>
  close: () => Promise<void>
}>
