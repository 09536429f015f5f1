/** Test support: what lies behind the server that misbehaves: a store in memory, or a real EventStoreDB. */
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js'
import type { Faults } from './faults.js'
import type { Refusal } from './refusals.js'

/** Calls as they reach a server that does nothing wrong. What rejects or throws is a `Refusal`. */
export type Backend = Readonly<{
  /** One batch call: whole appends go in, in their order; each answer comes out with its correlation id. */
  batch: (
    answer: (message: BatchAppendResp) => void,
    fail: (refusal: Refusal) => void,
  ) => Readonly<{ append: (messages: readonly BatchAppendReq[]) => void; end: () => void }>
  append: (messages: readonly AppendReq[]) => Promise<AppendResp>
  read: (request: ReadReq, signal: AbortSignal) => AsyncIterable<ReadResp>
  tombstone: (stream: string) => Promise<void>
}>

export type Held = Readonly<{ id: string; stream: string; data: Uint8Array; commit: bigint }>

/** Shared by the servers of one cluster. Every name is its own: nothing of another test is seen. */
export type Data = Readonly<{
  /** In memory some faults are the store's own: answers of older servers, and a leader that knows the log in part. */
  backend: (faults: Faults) => Backend
  /** The readable events of a stream. */
  streamOf: (stream: string) => Promise<readonly Held[]>
  all: () => Promise<readonly Held[]>
  tombstone: (stream: string) => Promise<void>
  /** The events there are now can no longer be read, but count. */
  expire: (stream: string) => Promise<void>
  close: () => Promise<void>
}>
