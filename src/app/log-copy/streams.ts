import { generationsStream, kpiStream } from '../../domain/stream-name.js'
import type { EventLog, NewEvent, Position, RecordedEvent } from '../../log/event-log.js'
import { streamPages, type Bounds, type Side } from './sides.js'
import { generationsReading, rowStream, type Positioned, type Reading } from './translate.js'
import { Walk, type Place, type Positions } from './walk.js'

/**
 * A stream whose events speak of raw positions; `through` is the last revision to be copied, -1 if there is nothing.
 */
export type PositionedStream = Readonly<{
  kind: 'rows' | 'generations'
  stream: string
  source: EventLog
  target: EventLog
  through: number
  reading: Reading
}>

/** An event of such a stream, and what it is to be in the target, where the position that it speaks of is `to`. */
export type Moved = Readonly<{
  of: PositionedStream
  event: RecordedEvent
  positioned: Positioned
  moved: NewEvent
  to: Place
}>

export const positionedStreams = (
  source: Side,
  target: Side,
  tenant: string,
  bounds: Bounds,
): readonly PositionedStream[] => [
  ...[...source.kpi].map(([name, log]): PositionedStream => ({
    kind: 'rows',
    stream: kpiStream(tenant, name),
    source: log,
    target: target.kpi.get(name) as EventLog,
    through: bounds.rows.get(name) ?? -1,
    reading: rowStream(tenant, name),
  })),
  {
    kind: 'generations',
    stream: generationsStream(tenant),
    source: source.control,
    target: target.control,
    through: bounds.generations,
    reading: generationsReading,
  },
]

/**
 * The events of all these streams, each stream in its order and all of them in the order of the positions that they
 * speak of, so that the raw logs need to be walked but once. An event that speaks of none goes with the one before it.
 */
export async function* movedEvents(streams: readonly PositionedStream[], positions: Positions): AsyncGenerator<Moved> {
  const cursors = streams.filter(({ through }) => through >= 0).map((of) => new Cursor(of))
  try {
    for (;;) {
      let first: Cursor | undefined
      for (const cursor of cursors)
        if ((await cursor.look()) !== undefined && (first === undefined || cursor.position < first.position))
          first = cursor
      if (first === undefined) return
      const { position } = first
      const to = await positions.at(position)
      const taken = first.takes(to.at ?? 0n)
      // As long as it stays at this position, nobody else can come first.
      for (
        let next = await first.look();
        next !== undefined && first.position === position;
        next = await first.look()
      ) {
        first.step()
        yield { of: first.of, ...next, moved: next.positioned.moved(to.at, taken), to }
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
  #taken: Position | undefined

  constructor(of: PositionedStream) {
    this.of = of
    this.#walk = new Walk(streamPages(of.source, of.stream, 0, of.through))
  }

  async look(): Promise<Readonly<{ event: RecordedEvent; positioned: Positioned }> | undefined> {
    if (this.#next !== undefined) return this.#next
    const event = await this.#walk.look()
    if (event === undefined) return undefined
    const positioned = this.of.reading(event)
    const at = positioned.at ?? this.position
    if (at < this.position)
      throw new Error(
        `${this.of.stream}: revision ${event.revision} speaks of an earlier position than those before it`,
      )
    this.position = at
    return (this.#next = { event, positioned })
  }

  /** The events at its position now go to this one. Says whether those at the position before it did too. */
  takes(to: Position): boolean {
    const taken = this.#taken === to
    this.#taken = to
    return taken
  }

  step(): void {
    this.#next = undefined
    this.#walk.step()
  }

  close(): Promise<void> {
    return this.#walk.close()
  }
}
