import { pointDimensions } from '../../domain/dimensions.js'
import { joinedMetrics, type ConversationRecorded, type MetricEmitted, type MetricPoint } from '../../domain/fact.js'
import type { EpochMs } from '../../domain/interval.js'
import type { Correction } from '../../domain/row.js'
import { metricPlace } from '../cells/cell-keys.js'
import { SpillingMap, type ColdStore, type SpilledEntries } from '../cells/cold-store.js'
import type { Refusal } from '../lateness.js'

/** Where the points of records are counted. */
type Points = Readonly<{
  observe: (point: MetricPoint, why?: Correction) => void
  takeBack: (point: MetricPoint, why: Correction) => void
}>

/**
 * A point of the newest record. `dimensions` is JSON of their values in the order of the table: the points of a session
 * share it. A point that was too late when it was first stated is not counted.
 */
type Stated = Readonly<{ metric: string; value: number; at: EpochMs; dimensions: string; isCounted: boolean }>

/** A statement as it is saved: each text once. */
type SavedStatement = Readonly<{
  dimensions: readonly string[]
  points: readonly (readonly [metric: string, value: number, at: EpochMs, dimensions: number, isCounted: boolean])[]
}>

/** A point of a metric record; `session`, where it is joined with others by its session. */
type Emitted = Stated & Readonly<{ session?: string }>

/** Points of metric records as they are saved. */
type SavedEmissions = SavedStatement & Readonly<{ sessions: readonly (readonly [place: number, session: string])[] }>

/**
 * Conversation-detail records, partitioned by conversation. A record is the statement of the *whole* conversation, and
 * the one later in the log is the newer: what it says and the one before did not is counted, what it no longer says is
 * taken back. A record that only adds something is of a conversation that went on; its new points in closed intervals
 * are late. A record that takes something back was computed again (`recomputed`); it is folded as a whole or, where one
 * of its changes lies beyond the late horizon, refused as a whole, because half a correction would count a point twice
 * or not at all.
 *
 * Where metric records count too (`emitted`), a record counts in their place up to its last emission, and what they
 * state later counts beside it: the conversation went on after it was fetched. So the figures depend on the newest
 * record and on the set of metric records, not on the order in which the two came.
 */
export class ConversationRecords {
  private readonly statements: SpillingMap<readonly Stated[]>
  private readonly emissions: SpillingMap<readonly Emitted[]>
  private readonly points: Points
  private readonly tooLate: (at: EpochMs) => Refusal | undefined

  constructor(
    coldStore: ColdStore,
    spilled: SpilledEntries,
    points: Points,
    tooLate: (at: EpochMs) => Refusal | undefined,
  ) {
    this.statements = new SpillingMap('recorded/', coldStore, spilled, (data) => loaded(data as SavedStatement), saved)
    this.emissions = new SpillingMap(
      'emitted/',
      coldStore,
      spilled,
      (data) => loadedEmissions(data as SavedEmissions),
      savedEmissions,
    )
    this.points = points
    this.tooLate = tooLate
  }

  record({ conversationId, points }: ConversationRecorded): Refusal | undefined {
    const before = this.statements.get(conversationId) ?? []
    const emissions = this.emissions.get(conversationId) ?? []
    const now = statementOf(points)
    const { kept, added, gone } = compare(
      [...before, ...countedBeside(emissions, before)],
      [...now, ...countedBeside(emissions, now)],
    )
    // Points of metric records are kept by themselves: those of the statement are the first that `now` has.
    const ofRecord = (compared: readonly Compared[]): readonly Stated[] =>
      compared.filter(({ place }) => place < now.length).map(({ point }) => point)
    if (gone.length === 0) {
      const stated = added.map(({ point, place }) => ({
        place,
        point: { ...point, isCounted: this.tooLate(point.at) === undefined },
      }))
      for (const { point } of stated) if (point.isCounted) this.points.observe(pointOf(point))
      this.statements.set(conversationId, [...ofRecord(kept), ...ofRecord(stated)])
    } else {
      const refusal = firstOf([...gone, ...added.map(({ point }) => point)], (point) => this.tooLate(point.at))
      if (refusal !== undefined) return refusal
      for (const point of gone) this.points.takeBack(pointOf(point), 'recomputed')
      for (const { point } of added) this.points.observe(pointOf(point), 'recomputed')
      this.statements.set(conversationId, [...ofRecord(kept), ...ofRecord(added)])
    }
    return firstOf(this.statements.get(conversationId) ?? [], (point) =>
      point.isCounted ? undefined : this.tooLate(point.at),
    )
  }

  /** Counts a point of a metric record, unless a record of its conversation speaks for it. */
  emitted(point: MetricEmitted, session: string): undefined {
    const [stated] = statementOf([point])
    if (stated === undefined) return
    const conversationId = session.slice(0, session.lastIndexOf('/'))
    const record = this.statements.get(conversationId) ?? []
    const before = this.emissions.get(conversationId) ?? []
    const isJoined = joinedMetrics.has(point.metric) && point.mediaType === 'callback'
    const now = [...before, isJoined ? { ...stated, session } : stated]
    this.emissions.set(conversationId, now)
    if (!isJoined) {
      // As it would be taken back: its skills in order.
      if (point.at > lastEmission(record)) this.points.observe(pointOf(stated))
      return
    }
    const { added, gone } = compare(countedBeside(before, record), countedBeside(now, record))
    for (const point of gone) this.points.takeBack(pointOf(point), 'late')
    for (const { point } of added) this.points.observe(pointOf(point))
  }

  spilled(): SpilledEntries {
    return [...this.statements.save(), ...this.emissions.save()]
  }

  release(): void {
    this.statements.release()
    this.emissions.release()
  }
}

/** The instant up to which a record speaks for its conversation. */
const lastEmission = (record: readonly Stated[]): EpochMs =>
  record.reduce((last, { at }) => Math.max(last, at), -Infinity)

/**
 * The points of metric records that count beside a record. nOverSla of a session with tCfcAnswered does not: the service
 * level subtracts it from tAnswered, which such a session does not have (as in customer-first.ts).
 */
const countedBeside = (emissions: readonly Emitted[], record: readonly Stated[]): readonly Stated[] => {
  const after = lastEmission(record)
  const customerFirst = new Set(
    emissions.flatMap(({ metric, session }) => (metric === 'tCfcAnswered' && session !== undefined ? [session] : [])),
  )
  return emissions.filter(
    ({ metric, at, session }) =>
      at > after && !(metric === 'nOverSla' && session !== undefined && customerFirst.has(session)),
  )
}

const firstOf = <T>(points: readonly Stated[], of: (point: Stated) => T | undefined): T | undefined => {
  for (const point of points) {
    const found = of(point)
    if (found !== undefined) return found
  }
  return undefined
}

/** Points that no family carries are left out. */
const statementOf = (points: readonly MetricPoint[]): readonly Stated[] =>
  points
    .filter(({ metric }) => metricPlace(metric) !== undefined)
    .map((point) => {
      const values = pointDimensions.map(({ field, many }) =>
        many === true ? [...(point[field] as readonly string[])].sort() : point[field],
      )
      const { metric, value, at } = point
      return { metric, value, at, dimensions: JSON.stringify(values), isCounted: true }
    })

const pointOf = ({ metric, value, at, dimensions }: Stated): MetricPoint => {
  const values = JSON.parse(dimensions) as readonly unknown[]
  const fields = Object.fromEntries(pointDimensions.map(({ field }, index) => [field, values[index]]))
  return { ...(fields as unknown as MetricPoint), metric, value, at }
}

/** A point of the newer of two statements, and its place in it. */
type Compared = Readonly<{ point: Stated; place: number }>

/**
 * Compares two statements as multisets: a conversation may state the same point twice. `gone` are the counted points
 * that the newer one does not say.
 */
const compare = (
  before: readonly Stated[],
  now: readonly Stated[],
): Readonly<{ kept: readonly Compared[]; added: readonly Compared[]; gone: readonly Stated[] }> => {
  const left = new Map<string, Stated[]>()
  for (const point of before) {
    const same = left.get(identityOf(point))
    if (same === undefined) left.set(identityOf(point), [point])
    else same.push(point)
  }
  const kept: Compared[] = []
  const added: Compared[] = []
  for (const [place, point] of now.entries()) {
    const known = left.get(identityOf(point))?.pop()
    if (known === undefined) added.push({ point, place })
    else kept.push({ point: known, place })
  }
  return { kept, added, gone: [...left.values()].flat().filter(({ isCounted }) => isCounted) }
}

const identityOf = ({ metric, value, at, dimensions }: Stated): string => `${metric} ${value} ${at} ${dimensions}`

const savedEmissions = (emissions: readonly Emitted[]): SavedEmissions => ({
  ...saved(emissions),
  sessions: emissions.flatMap(({ session }, place) => (session === undefined ? [] : [[place, session] as const])),
})

const loadedEmissions = (data: SavedEmissions): readonly Emitted[] => {
  const sessions = new Map(data.sessions)
  return loaded(data).map((point, place) => {
    const session = sessions.get(place)
    return session === undefined ? point : { ...point, session }
  })
}

const saved = (statement: readonly Stated[]): SavedStatement => {
  const places = new Map<string, number>()
  const points = statement.map(({ metric, value, at, dimensions, isCounted }) => {
    const place = places.get(dimensions) ?? places.size
    places.set(dimensions, place)
    return [metric, value, at, place, isCounted] as const
  })
  return { dimensions: [...places.keys()], points }
}

const loaded = ({ dimensions, points }: SavedStatement): readonly Stated[] =>
  points.map(([metric, value, at, place, isCounted]) => ({
    ...{ metric, value, at, isCounted },
    dimensions: dimensions[place] as string,
  }))
