import { generationsStream, kpiStream } from '../domain/stream-name.js'
import type { EventLog, NewEvent, Position, RecordedEvent } from '../log/event-log.js'
import { streamPages, type Bounds, type Side } from './log-copy-sides.js'
import { generationsReading, rowStream, type Positioned, type Reading } from './log-copy-translate.js'
import { Walk, type Positions } from './log-copy-walk.js'

/** A stream whose events speak of raw positions, from one revision through another (both inclusive; `through` before `from`: nothing). */
export type PositionedStream = Readonly<{
  kind: 'rows' | 'generations'
  stream: string
  source: EventLog
  target: EventLog
  from: number
  through: number
  reading: Reading
}>

/** An event of such a stream, and what it is to be in the target. */
export type Moved = Readonly<{ of: PositionedStream; event: RecordedEvent; positioned: Positioned; moved: NewEvent }>

export const positionedStreams = (source: Side, target: Side, tenant: string, bounds: Bounds): readonly PositionedStream[] => [
  ...[...source.kpi].map(([name, log]): PositionedStream => ({
    kind: 'rows',
    stream: kpiStream(tenant, name),
    source: log,
    target: target.kpi.get(name) as EventLog,
    from: 0,
    through: bounds.rows.get(name) ?? -1,
    reading: rowStream(tenant, name),
  })),
  {
    kind: 'generations',
    stream: generationsStream(tenant),
    source: source.control,
    target: target.control,
    from: 0,
    through: bounds.generations,
    reading: generationsReading,
  },
]

/**
 * The events of all these streams, each stream in its order and all of them in the order of the positions that they speak of, so that the raw logs need to be walked
 * but once. An event that speaks of none goes with the one before it.
 */
export async function* movedEvents(streams: readonly PositionedStream[], positions: Positions): AsyncGenerator<Moved> {
  const cursors = streams.filter(({ from, through }) => through >= from).map((of) => new Cursor(of))
  try {
    for (;;) {
      let first: Cursor | undefined
      for (const cursor of cursors)
        if ((await cursor.look()) !== undefined && (first === undefined || cursor.position < first.position)) first = cursor
      if (first === undefined) return
      const { position } = first
      const to = await positions.at(position)
      // As long as it stays at this position, nobody else can come first.
      for (let next = await first.look(); next !== undefined && first.position === position; next = await first.look()) {
        first.step()
        yield { of: first.of, ...next, moved: next.positioned.moved(to) }
      }
    }
  } finally {
    for (const cursor of cursors) await cursor.close()
  }
}

class Cursor {
  readonly of: PositionedStream
  readonly #walk: Walk
  #next: Readonly<{ event: RecordedEvent; positioned: Positioned }> | undefined
  position: Position = 0n

  constructor(of: PositionedStream) {
    this.of = of
    this.#walk = new Walk(streamPages(of.source, of.stream, of.from, of.through))
  }

  async look(): Promise<Readonly<{ event: RecordedEvent; positioned: Positioned }> | undefined> {
    if (this.#next !== undefined) return this.#next
    const event = await this.#walk.look()
    if (event === undefined) return undefined
    const positioned = this.of.reading(event)
    const at = positioned.at ?? this.position
    if (at < this.position)
      throw new Error(`${this.of.stream}: revision ${event.revision} speaks of an earlier position than those before it`)
    this.position = at
    return (this.#next = { event, positioned })
  }

  step(): void {
    this.#next = undefined
    this.#walk.step()
  }

  close(): Promise<void> {
    return this.#walk.close()
  }
}
