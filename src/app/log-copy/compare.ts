import type { NewEvent, Position, RecordedEvent } from '../../log/event-log.js'
import { OrderedDigest, sameEvent, unlike, type Difference } from './digest.js'
import { isErasedNote, noteIn, withNote, type Landmarks } from './erased.js'
import { compareLetters, letterRoutes } from './letters.js'
import { Tally, type Amount } from './send.js'
import { rawBatches, lastOf, streamPages, type Bounds, type Side } from './sides.js'
import { movedEvents, positionedStreams, type PositionedStream } from './streams.js'
import { erasures, Positions, Walk, type Pair, type Place } from './walk.js'

/**
 * SHA-256 over the events of both sides. `what` is a stream, or `raw`: all raw streams in the order of the log. What
 * was translated does not enter.
 */
export type Digest = Readonly<{ what: string; events: number; source: string; target: string }>

export type Compared = Readonly<{
  differences: readonly Difference[]
  /** Of the source, the last raw event that the target holds. */
  raw: Position | undefined
  /** What the target holds of the source. */
  there: Amount
  digests: readonly Digest[]
}>

export type CompareOptions = Readonly<{
  source: Side
  target: Side
  tenant: string
  bounds: Bounds
  /** What the target lacks is a difference; otherwise it may end anywhere, as a copy does that was cut short. */
  mustHoldAll: boolean
  signal: AbortSignal
  /** Is passed all raw events that both hold. */
  landmarks: Landmarks
  onRaw?: (position: Position) => void
}>

/** After so many differences nobody reads on. */
const DIFFERENCES_MAX = 20

/**
 * Puts source and target next to each other, event by event, in bounded memory: raw streams in the order of the log
 * (which must be the same, or a projector that goes on would not find what it left), row streams and generations each
 * in its own, dead letters as a set.
 */
export const compareLogs = async (options: CompareOptions): Promise<Compared> => {
  const { source, target, tenant, bounds, mustHoldAll, signal } = options
  const there = new Tally()
  const raw = new RawComparison(options, there)
  const positions = new Positions(raw.pairs())
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
  for (const route of letterRoutes(source, target, bounds))
    letters.push(await compareLetters(route, tenant, mustHoldAll))
  for (const { there: some } of letters) there.include(some)
  // Where raw events part ways positions cannot be translated, and what follows from that is no news.
  const own = raw.hasParted ? raw.differences : [...raw.differences, ...ordered.differences]
  const set = letters.map((each, index) => ({
    what: index === 0 ? 'dead letters' : `dead letters of ${[...source.kpi.keys()][index - 1]}`,
    events: each.target.events,
    source: each.source.hex(),
    target: each.target.hex(),
  }))
  return {
    differences: [...own, ...letters.flatMap(({ differences }) => differences)].slice(0, DIFFERENCES_MAX),
    raw: raw.through,
    there: there.amount(),
    digests: [raw.digest(), ...ordered.digests, ...set],
  }
}

const compareStreams = async (
  streams: readonly PositionedStream[],
  positions: Positions,
  raw: RawComparison,
  signal: AbortSignal,
  there: Tally,
): Promise<Readonly<{ differences: readonly Difference[]; digests: readonly Digest[] }>> => {
  const differences: Difference[] = []
  const sides = new Map(
    streams.map((of) => [
      of,
      { walk: new Walk(streamPages(of.target, of.stream)), ours: new OrderedDigest(), theirs: new OrderedDigest() },
    ]),
  )
  for await (const { of, event, positioned, moved, to } of movedEvents(streams, positions)) {
    if (raw.hasParted || differences.length >= DIFFERENCES_MAX || signal.aborted) break
    const { walk, ours, theirs } = sides.get(of)!
    ours.add('', positioned.same)
    const found = await walk.look()
    if (found === undefined) differences.push(missing(event))
    else {
      walk.step()
      there.add(found.revision, found)
      const read = of.reading(found)
      theirs.add('', read.same)
      if (!sameEvent(moved, found) && !(sameEvent(positioned.same, read.same) && liesAt(read.at, to)))
        differences.push(different(found, moved))
    }
  }
  for (const { walk } of sides.values()) await walk.close()
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

/** Whether a position says the same as a place: raw events in between may have been erased since it was written. */
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
  what: `has another ${unlike(found, wanted)} in the target`,
})

/** The raw events of both sides next to each other; ends where they part ways. */
export class RawComparison {
  readonly differences: Difference[] = []
  through: Position | undefined
  /** From some event on the two logs are not the same. */
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
    const ours = new Walk(rawBatches(source.raw, tenant, { through: bounds.raw ?? 0n }))
    const theirs = new Walk(rawBatches(target.raw, tenant))
    const [erasedOfOurs, erasedOfTheirs] = [erasures(source.raw), erasures(target.raw)]
    try {
      while (!signal.aborted) {
        const [a, b] = [await ours.look(), await theirs.look()]
        if (b === undefined && (a === undefined || !mustHoldAll)) return
        if (a !== undefined && b !== undefined && a.id === b.id && a.stream === b.stream && a.revision === b.revision) {
          await this.#meet(a, b)
          yield { source: a.position, target: b.position }
          onRaw?.(a.position)
          ours.step()
          theirs.step()
        } else if (a !== undefined && (await erasedOfOurs.isErased(a.stream))) ours.step()
        else if (b !== undefined && (await erasedOfTheirs.isErased(b.stream))) theirs.step()
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
    const { landmarks, target } = this.#options
    landmarks.pass(a.position, b.position)
    const isNote = isErasedNote(a) && isErasedNote(b)
    this.#ours.add(`${a.stream}@${a.revision}`, isNote ? withNote(a, 0n, 0n) : a)
    this.#theirs.add(`${b.stream}@${b.revision}`, isNote ? withNote(b, 0n, 0n) : b)
    const wanted = isNote ? await landmarks.moved(a, target.raw) : a
    if (!sameEvent(wanted, b) && !(isNote && saysLess(wanted, b)) && this.differences.length < DIFFERENCES_MAX)
      this.differences.push(different(b, wanted))
    this.through = a.position
    this.#there.add(b.revision, b)
  }
}

/**
 * Whether a note of what was erased says the same but for events between that have been erased since: then it would now
 * name earlier ones.
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
