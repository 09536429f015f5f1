import type { IncomingHttpHeaders } from 'node:http'
import type { Position, RecordedEvent } from '../../log/event-log.js'
import type { TransactionTimes } from '../../egress/sink.js'
import type { TraceContext, WrittenContext } from '../../log/trace-context.js'

/**
 * Traces follow a raw event from the request that brought it to the transaction that publishes its rows, through
 * whatever processes it goes. Stages tell what they do; what becomes spans, and of which trace, is decided here (ADR 46).
 * Stages hold no `Tracing` where none is configured, and the pure core knows of none.
 */
export type Tracing = Readonly<{
  /** A request has come. Its context is that of a trace that the sender began, or of a new one. */
  request: (headers: IncomingHttpHeaders) => RequestTrace
  /**
   * A batch of raw events is about to be stored, within `parent`. `undefined`: it is not sampled. A source that knows of
   * no span begins a trace here.
   */
  storing: (parent: TraceContext | undefined, source: string) => StoringTrace | undefined
  projector: (generation: string) => ProjectorTrace
  /** `use`: the kind of the sink. */
  egress: (sink: Readonly<{ name: string; use: string }>) => EgressTrace
  /** Sends what is not sent yet, for ten seconds at most. */
  close: () => Promise<void>
}>

export type RequestTrace = Readonly<{ context: TraceContext; answered: (status: number) => void }>

/** `context` is what the events of the batch keep. `failure`: why they were not stored. */
export type StoringTrace = Readonly<{
  context: TraceContext
  ended: (outcome: Readonly<{ stored?: number; deadLettered?: number; failure?: string }>) => void
}>

/** What a projector does with the sampled events that it is given. Positions rise. */
export type ProjectorTrace = Readonly<{
  received: (events: readonly RecordedEvent[]) => void
  decoded: (through: Position) => void
  folded: (through: Position) => void
  /**
   * Rows of everything through a position are about to be appended. `undefined`: no event among them is sampled.
   * `contexts` go into the log with the rows, for those who publish them.
   */
  appending: (
    through: Position,
    rows: number,
  ) => Readonly<{ contexts: readonly WrittenContext[]; ended: (failure?: string) => void }> | undefined
  /** What was folded changed no row. */
  unchanged: () => void
}>

/** A batch that was written to a destination. Times: epoch milliseconds. `through`: its last revision. */
export type EgressWrite = Readonly<{
  through: number
  records: number
  beganAt: number
  endedAt: number
  transaction?: TransactionTimes | undefined
  failure?: string
}>

/** What an egress reads of a KPI stream, and what it writes of it. Revisions rise. */
export type EgressTrace = Readonly<{
  read: (events: readonly RecordedEvent[]) => void
  wrote: (write: EgressWrite) => void
}>
