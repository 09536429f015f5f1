import { isKpiEvent } from '../../contract/kpi-stream/stored.js'
import { generationsStream, kpiStream, publicationsStream } from '../../domain/stream-name.js'
import type { EventLog, NewEvent, Position, RecordedEvent } from '../../log/event-log.js'
import { Cursor, streamPages, type Bounds, type Endpoint } from './endpoint.js'
import { type Place, type PositionTranslator } from './position-map.js'
import { ascendingIds, contentId } from '../../log/content-id.js'

/** A stream whose events contain raw positions (those of publications do not). `through` is the last revision to copy, -1 for an empty stream. */
export type PositionedStream = Readonly<{
  kind: 'rows' | 'publications' | 'generations'
  stream: string
  source: EventLog
  target: EventLog
  through: number
  reading: Reading
}>

/** An event of such a stream, and its translation for the target, where its position is `to`. */
export type Translated = Readonly<{
  of: PositionedStream
  event: RecordedEvent
  positioned: Positioned
  translated: NewEvent
  to: Place
}>

export const positionedStreams = (
  source: Endpoint,
  target: Endpoint,
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
  ...[...source.publications].map(([sink, log]): PositionedStream => ({
    kind: 'publications',
    stream: publicationsStream(tenant, sink),
    source: log,
    target: target.publications.get(sink) as EventLog,
    through: bounds.publications.get(sink) ?? -1,
    reading: untouched,
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
 * The events of all these streams. Each stream keeps its order; across streams, events come in the order of the
 * positions that they contain, so that one pass over the raw logs is enough. An event without a position follows the
 * one before it.
 */
export async function* translatedEvents(
  streams: readonly PositionedStream[],
  positions: PositionTranslator,
): AsyncGenerator<Translated> {
  const cursors = streams.filter(({ through }) => through >= 0).map((of) => new StreamCursor(of))
  try {
    for (;;) {
      let first: StreamCursor | undefined
      for (const cursor of cursors)
        if ((await cursor.peek()) !== undefined && (first === undefined || cursor.position < first.position))
          first = cursor
      if (first === undefined) return
      const { position } = first
      const to = await positions.translate(position)
      const isShared = first.moveTo(to.at ?? 0n)
      // While the stream stays at this position, no other stream can come before it.
      for (
        let next = await first.peek();
        next !== undefined && first.position === position;
        next = await first.peek()
      ) {
        first.advance()
        yield { of: first.of, ...next, translated: next.positioned.translated(to.at, isShared), to }
      }
    }
  } finally {
    for (const cursor of cursors) await cursor.close()
  }
}

class StreamCursor {
  readonly of: PositionedStream
  readonly #cursor: Cursor
  #next: Readonly<{ event: RecordedEvent; positioned: Positioned }> | undefined
  position: Position = 0n
  #movedTo: Position | undefined

  constructor(of: PositionedStream) {
    this.of = of
    this.#cursor = new Cursor(streamPages(of.source, of.stream, 0, of.through))
  }

  async peek(): Promise<Readonly<{ event: RecordedEvent; positioned: Positioned }> | undefined> {
    if (this.#next !== undefined) return this.#next
    const event = await this.#cursor.peek()
    if (event === undefined) return undefined
    const positioned = this.of.reading(event)
    const at = positioned.at ?? this.position
    if (at < this.position)
      throw new Error(
        `${this.of.stream}: revision ${event.revision} contains an earlier position than an event before it`,
      )
    this.position = at
    return (this.#next = { event, positioned })
  }

  /**
   * Notes where the events at the current position go. Returns whether events of an earlier position went there too.
   */
  moveTo(to: Position): boolean {
    const isShared = this.#movedTo === to
    this.#movedTo = to
    return isShared
  }

  advance(): void {
    this.#next = undefined
    this.#cursor.advance()
  }

  close(): Promise<void> {
    return this.#cursor.close()
  }
}

/**
 * How an event depends on a raw position. `at` is the position, `undefined` if the event contains none. `translated` is
 * the event for a log where that position is `to`. `same` is the part that does not depend on the position. `isShared`:
 * an earlier event of the stream, with another position, has this target position too, because all raw events between
 * the two were erased.
 */
export type Positioned = Readonly<{
  at: Position | undefined
  translated: (to: Position | undefined, isShared: boolean) => NewEvent
  same: NewEvent
}>

/** Reads the events of one stream. */
export type Reading = (event: RecordedEvent) => Positioned

const NO_BYTES = new Uint8Array(0)
const plain = ({ id, type, data, metadata }: NewEvent): NewEvent => ({ id, type, data, metadata })
const untouched = (event: RecordedEvent): Positioned => ({
  at: undefined,
  translated: () => plain(event),
  same: plain(event),
})
/** The number that `ascendingIds` has written into an id. */
const indexIn = (id: string): number => parseInt(id.slice(24), 16)
const aside = (id: string): string => contentId('copied', id)
const jsonOf = (event: RecordedEvent): unknown => JSON.parse(Buffer.from(event.data).toString('utf8'))

/**
 * Reads the row stream of a generation. A checkpoint contains a position, and the ids of checkpoints and rows are
 * derived from positions. If a copy kept those ids, a projector that resumed there would at some point reach a position
 * of the same number; its rows would get ids that are in use, and the log would drop them as duplicates. So each event
 * gets the id that the projector would have derived from the target position, or, where that id is in use, one that no
 * projector derives. An id that is not derived from a position is kept.
 */
export const rowStream = (tenant: string, generation: string): Reading => {
  const family = ascendingIds(0, 'rows', tenant, generation)(0).slice(13, 24)
  const positionId = (type: string, position: Position, index: number): string =>
    ascendingIds(Number(position), type, tenant, generation, String(position))(index)
  let [last, idAt]: [Position, (index: number) => string] = [0n, ascendingIds(0, 'rows', tenant, generation)]
  const rowId = (position: Position, index: number): string => {
    if (position !== last) [last, idAt] = [position, ascendingIds(Number(position), 'rows', tenant, generation)]
    return idAt(index)
  }

  return (event) => {
    const { id, type, data, metadata } = event
    if (isKpiEvent(event)) {
      if (id.slice(13, 24) !== family) return { ...untouched(event), same: { id: '', type, data, metadata } }
      const at = BigInt(`0x${id.slice(0, 8)}${id.slice(9, 13)}`)
      const index = indexIn(id)
      return {
        at,
        translated: (to = 0n, isShared) => ({ id: isShared ? aside(id) : rowId(to, index), type, data, metadata }),
        same: { id: '', type, data, metadata },
      }
    }
    const { position } = jsonOf(event) as { position?: unknown }
    if (typeof position !== 'string') return untouched(event)
    const at = BigInt(position)
    // Several checkpoints may contain one position: they are numbered like the rows of their batch.
    const index = indexIn(id)
    const isDerived = id === positionId(type, at, index)
    return {
      at,
      translated: (to = 0n, isShared) => ({
        id: !isDerived ? id : isShared ? aside(id) : positionId(type, to, index),
        type,
        // Without the origin, which names the raw log of the source.
        data: Buffer.from(JSON.stringify({ position: String(to) })),
        metadata,
      }),
      same: { id: '', type, data: NO_BYTES, metadata },
    }
  }
}

/**
 * Reads the generations: each contains the position at which history ended for it. The id of the source's raw log is
 * left out: the target's raw log has another.
 */
export const generationsReading: Reading = (event) => {
  const { generation, ...said } = jsonOf(event) as { generation?: Readonly<Record<string, unknown>> }
  if (generation === undefined) return untouched(event)
  const { rawLogId: _, ...kept } = generation
  const withThrough = (historyThrough: unknown): NewEvent => ({
    ...plain(event),
    data: Buffer.from(JSON.stringify({ ...said, generation: { ...kept, historyThrough } })),
  })
  const through = generation['historyThrough']
  if (typeof through !== 'string')
    return { at: undefined, translated: () => withThrough(null), same: withThrough(null) }
  return {
    at: BigInt(through),
    translated: (to) => withThrough(to === undefined ? null : String(to)),
    same: withThrough(null),
  }
}
