import type { FactRun } from '../domain/fact-run.js'
import type { Position } from '../log/event-log.js'

/** Names an event of the log, and says where it stands. */
export type EventPlace = Readonly<{ stream: string; revision: number; id: string; position: Position }>

/**
 * A stretch of the raw log as facts: every raw event after `after` and through `through` that can change a figure, in
 * order. An event's index counts these alone.
 */
export type DecodedRun = Readonly<{
  /** Exclusive; `undefined`: the beginning of the log. */
  after: Position | undefined
  through: Position
  /** Raw events of the stretch, with those that can change no figure. */
  rawEvents: number
  /** The last of them; `undefined` where there is none. */
  last: EventPlace | undefined
  /** Events that can change a figure. */
  events: number
  facts: FactRun
  position: (event: number) => Position
  stream: (event: number) => string
  /** Events that cannot be decoded, ascending. They have no facts. */
  undecodable: readonly number[]
}>
