import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Row } from '../domain/row.js'

/**
 * How far the egress has come: everything through `revision` of the KPI stream of `generation` is at the destination.
 */
export type Progress = Readonly<{ generation: string; revision: number }>

/** A row on its way out: as the KPI log holds it (`avro`, a bare datum) and decoded (`row`). */
export type SinkRecord = Readonly<{
  row: Row
  avro: Uint8Array
  /** Fingerprint of the schema that `avro` was written with. */
  schema: string
  generation: string
  /** Published again on request; consumers that deduplicate by (generation, key, revision) may drop it. */
  replay: boolean
}>

/**
 * Records in KPI-log order and the progress that their arrival means; `progress` is absent where progress must not move
 * (a replay).
 */
export type SinkBatch = Readonly<{ records: readonly SinkRecord[]; progress?: Progress }>

export type SinkFailure =
  /**
   * The destination cannot be reached or does not answer; the outcome of a write is unknown. Connect again, read the
   * progress, go on from there.
   */
  | Readonly<{ tag: 'NotConnected'; cause: unknown }>
  /** Another instance has taken over. This one must stop. */
  | Readonly<{ tag: 'Fenced'; by: string }>
  /**
   * The destination refuses this batch and always will (schema incompatible, record too large, not authorised, topic
   * missing). The message says how to mend it.
   */
  | Readonly<{ tag: 'Refused'; reason: string }>

/**
 * Somewhere rows go.
 *
 * - `connect` first fences out any other writer of the same name and only then reads the progress, so what it returns
 *   stays true. `undefined`: nothing was ever written.
 * - `write` makes the records and the progress visible together or not at all, and resolves once that is durable. After
 *   a failure other than `Refused` it is not called again until `connect` has succeeded; whether the failed batch
 *   arrived is told by the progress that `connect` then returns.
 * - `close` ends cleanly and may be called at any time, more than once.
 */
export type Sink = Readonly<{
  name: string
  connect: (signal: AbortSignal) => TaskEither<SinkFailure, Progress | undefined>
  write: (batch: SinkBatch, signal: AbortSignal) => TaskEither<SinkFailure, void>
  close: () => Promise<void>
}>
