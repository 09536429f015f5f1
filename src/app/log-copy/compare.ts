import type { NewEvent, Position, RecordedEvent } from '../../log/event-log.js'
import {
  Cursor,
  OrderedDigest,
  sameEvent,
  differingFields,
  type Difference,
  type Digest,
  rawBatches,
  lastOf,
  streamPages,
  type Bounds,
  type Endpoint,
} from './endpoint.js'
import {
  isErasedNote,
  noteIn,
  withNote,
  type PositionMap,
  erasures,
  PositionTranslator,
  type Pair,
  type Place,
} from './position-map.js'
import { compareDeadLetters, deadLetterRoutes } from './dead-letters.js'
import { compareRecords } from './records.js'
import { Tally, type Amount } from './append.js'
import { translatedEvents, positionedStreams, type PositionedStream } from './positioned-streams.js'

export type Compared = Readonly<{
  differences: readonly Difference[]
  /** The position in the source of the last raw event that the target holds. */
  raw: Position | undefined
  /** How much of the source the target holds. */
  there: Amount
  digests: readonly Digest[]
}>

export type CompareOptions = Readonly<{
  source: Endpoint
  target: Endpoint
  tenant: string
  bounds: Bounds
  /** Whether a missing event is a difference. Otherwise the target may end anywhere, like an interrupted copy. */
  mustHoldAll: boolean
  signal: AbortSignal
  /** Records all raw events that both hold. */
  positionMap: PositionMap
  onRaw?: (position: Position) => void
}>

/** The comparison stops after so many differences. */
const DIFFERENCES_MAX = 20

/**
 * Compares source and target event by event, in bounded memory. Raw streams are compared in the order of the log, which
 * must be the same, because checkpoints depend on it. Row streams and generations are compared each by itself, dead
 * letters and records as sets.
 */
export const compareLogs = async (options: CompareOptions): Promise<Compared> => {
  const { source, target, tenant, bounds, mustHoldAll, signal } = options
  const there = new Tally()
  const raw = new RawComparison(options, there)
  const positions = new PositionTranslator(raw.pairs())
  const streams: PositionedStream[] = []
  for (const each of positionedStreams(source, target, tenant, bounds)) {
    const last = await lastOf(each.target, each.stream)
    if (last > each.through)
      raw.differences.push({ stream: each.stream, revision: each.through + 1, what: 'is not in the source' })
    streams.push({ ...each, through: mustHoldAll ? each.through : Math.min(each.through, last) })
  }
  const ordered = await compareStreams(streams, positions, raw, signal, there)
  if (!signal.aborted) await positions.finish()
  await positions.close()
  const letters = []
  for (const route of deadLetterRoutes(source, target, bounds))
    letters.push(await compareDeadLetters(route, tenant, mustHoldAll))
  const records = []
  for (const stream of bounds.records.keys())
    records.push(await compareRecords(source, target, stream, bounds, mustHoldAll))
  for (const { there: some } of [...letters, ...records]) there.include(some)
  // After a difference in the raw events positions cannot be translated, so differences that follow from it are left
  // out.
  const own = raw.hasParted ? raw.differences : [...raw.differences, ...ordered.differences]
  const set = letters.map((each, index) => ({
    what: index === 0 ? 'dead letters' : `dead letters of ${[...source.kpi.keys()][index - 1]}`,
    events: each.target.events,
    source: each.source.hex(),
    target: each.target.hex(),
  }))
  return {
    differences: [...own, ...[...letters, ...records].flatMap(({ differences }) => differences)].slice(
      0,
      DIFFERENCES_MAX,
    ),
    raw: raw.through,
    there: there.amount(),
    digests: [raw.digest(), ...ordered.digests, ...set, ...records.flatMap(({ digest }) => digest ?? [])],
  }
}

const compareStreams = async (
  streams: readonly PositionedStream[],
  positions: PositionTranslator,
  raw: RawComparison,
  signal: AbortSignal,
  there: Tally,
): Promise<Readonly<{ differences: readonly Difference[]; digests: readonly Digest[] }>> => {
  const differences: Difference[] = []
  const sides = new Map(
    streams.map((of) => [
      of,
      { cursor: new Cursor(streamPages(of.target, of.stream)), ours: new OrderedDigest(), theirs: new OrderedDigest() },
    ]),
  )
  for await (const { of, event, positioned, translated, to } of translatedEvents(streams, positions)) {
    if (raw.hasParted || differences.length >= DIFFERENCES_MAX || signal.aborted) break
    const { cursor, ours, theirs } = sides.get(of)!
    ours.add('', positioned.same)
    const found = await cursor.peek()
    if (found === undefined) differences.push(missing(event))
    else {
      cursor.advance()
      there.add(found.revision, found)
      const read = of.reading(found)
      theirs.add('', read.same)
      if (!sameEvent(translated, found) && !(sameEvent(positioned.same, read.same) && liesAt(read.at, to)))
        differences.push(different(found, translated))
    }
  }
  for (const { cursor } of sides.values()) await cursor.close()
  return {
    differences,
    digests: [...sides]
      .filter(([, { ours, theirs }]) => ours.events + theirs.events > 0)
      .map(([{ stream }, { ours, theirs }]) => ({
        what: stream,
        events: theirs.events,
        source: ours.hex(),
        target: theirs.hex(),
      })),
  }
}

/**
 * Whether a position lies within a place. Raw events next to it may have been erased since the position was written.
 */
const liesAt = (position: Position | undefined, { at = 0n, next }: Place): boolean =>
  position !== undefined && position >= at && (next === undefined || position < next)

const missing = ({ stream, revision }: RecordedEvent): Difference => ({
  stream,
  revision,
  what: 'is missing in the target',
})
const different = (found: RecordedEvent, wanted: NewEvent): Difference => ({
  stream: found.stream,
  revision: found.revision,
  what: `has another ${differingFields(found, wanted)} in the target`,
})

/** Compares the raw events of source and target, and stops at the first event that they do not share. */
export class RawComparison {
  readonly differences: Difference[] = []
  through: Position | undefined
  /** The two logs have diverged. */
  hasParted = false
  readonly #options: CompareOptions
  readonly #there: Tally
  readonly #ours = new OrderedDigest()
  readonly #theirs = new OrderedDigest()

  constructor(options: CompareOptions, there: Tally) {
    this.#options = options
    this.#there = there
  }

  digest(): Digest {
    return { what: 'raw', events: this.#theirs.events, source: this.#ours.hex(), target: this.#theirs.hex() }
  }

  async *pairs(): AsyncGenerator<Pair> {
    const { source, target, tenant, bounds, mustHoldAll, signal, onRaw } = this.#options
    const ours = new Cursor(rawBatches(source.raw, tenant, { through: bounds.raw ?? 0n }))
    const theirs = new Cursor(rawBatches(target.raw, tenant))
    const [erasedOfOurs, erasedOfTheirs] = [erasures(source.raw), erasures(target.raw)]
    try {
      while (!signal.aborted) {
        const [a, b] = [await ours.peek(), await theirs.peek()]
        if (b === undefined && (a === undefined || !mustHoldAll)) return
        if (a !== undefined && b !== undefined && a.id === b.id && a.stream === b.stream && a.revision === b.revision) {
          await this.#meet(a, b)
          yield { source: a.position, target: b.position }
          onRaw?.(a.position)
          ours.advance()
          theirs.advance()
        } else if (a !== undefined && (await erasedOfOurs.isErased(a.stream))) ours.advance()
        else if (b !== undefined && (await erasedOfTheirs.isErased(b.stream))) theirs.advance()
        else {
          this.hasParted = true
          this.differences.push(b === undefined ? missing(a!) : parting(a, b))
          return
        }
      }
    } finally {
      await ours.close()
      await theirs.close()
    }
  }

  async #meet(a: RecordedEvent, b: RecordedEvent): Promise<void> {
    const { positionMap, target } = this.#options
    positionMap.record(a.position, b.position)
    const isNote = isErasedNote(a) && isErasedNote(b)
    this.#ours.add(`${a.stream}@${a.revision}`, isNote ? withNote(a, 0n, 0n) : a)
    this.#theirs.add(`${b.stream}@${b.revision}`, isNote ? withNote(b, 0n, 0n) : b)
    const wanted = isNote ? await positionMap.translated(a, target.raw) : a
    if (!sameEvent(wanted, b) && !(isNote && saysLess(wanted, b)) && this.differences.length < DIFFERENCES_MAX)
      this.differences.push(different(b, wanted))
    this.through = a.position
    this.#there.add(b.revision, b)
  }
}

/**
 * Whether a note of an erased stream is equal except that its positions are later than wanted. That happens if events
 * between them were erased after the note was copied: a copy made now would name earlier ones.
 */
const saysLess = (wanted: NewEvent, found: RecordedEvent): boolean => {
  const [now, then] = [noteIn(wanted), noteIn(found)]
  const isEarlier = (a: string, b: string): boolean => BigInt(a) <= BigInt(b) && BigInt(b) < found.position
  return (
    sameEvent(withNote(wanted, 0n, 0n), withNote(found, 0n, 0n)) &&
    isEarlier(now.from, then.from) &&
    isEarlier(now.through, then.through)
  )
}

const parting = (a: RecordedEvent | undefined, b: RecordedEvent): Difference => ({
  stream: b.stream,
  revision: b.revision,
  what: `is in the target where the source has ${a === undefined ? 'nothing more' : `${a.stream} at revision ${a.revision}`}`,
})
