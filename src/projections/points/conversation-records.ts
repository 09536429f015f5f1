import { pointDimensions } from '../../domain/dimensions.js'
import type { ConversationRecorded, MetricPoint } from '../../domain/fact.js'
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

/**
 * Conversation-detail records, partitioned by conversation. A record is the statement of the *whole* conversation, and
 * the one later in the log is the newer: what it says and the one before did not is counted, what it no longer says is
 * taken back. A record that only adds something is of a conversation that went on; its new points in closed intervals
 * are late. A record that takes something back was computed again (`recomputed`); it is folded as a whole or, where one
 * of its changes lies beyond the late horizon, refused as a whole, because half a correction would count a point twice
 * or not at all.
 */
export class ConversationRecords {
  private readonly statements: SpillingMap<readonly Stated[]>
  private readonly points: Points
  private readonly tooLate: (at: EpochMs) => Refusal | undefined

  constructor(
    coldStore: ColdStore,
    spilled: SpilledEntries,
    points: Points,
    tooLate: (at: EpochMs) => Refusal | undefined,
  ) {
    this.statements = new SpillingMap('recorded/', coldStore, spilled, (data) => loaded(data as SavedStatement), saved)
    this.points = points
    this.tooLate = tooLate
  }

  record({ conversationId, points }: ConversationRecorded): Refusal | undefined {
    const { kept, added, gone } = compare(this.statements.get(conversationId) ?? [], statementOf(points))
    if (gone.length === 0) {
      const stated = added.map((point) => ({ ...point, isCounted: this.tooLate(point.at) === undefined }))
      for (const point of stated) if (point.isCounted) this.points.observe(pointOf(point))
      this.statements.set(conversationId, [...kept, ...stated])
    } else {
      const refusal = firstOf([...gone, ...added], (point) => this.tooLate(point.at))
      if (refusal !== undefined) return refusal
      for (const point of gone) this.points.takeBack(pointOf(point), 'recomputed')
      for (const point of added) this.points.observe(pointOf(point), 'recomputed')
      this.statements.set(conversationId, [...kept, ...added])
    }
    return firstOf(this.statements.get(conversationId) ?? [], (point) =>
      point.isCounted ? undefined : this.tooLate(point.at),
    )
  }

  spilled(): SpilledEntries {
    return this.statements.save()
  }

  release(): void {
    this.statements.release()
  }
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

/**
 * Compares two statements as multisets: a conversation may state the same point twice. `gone` are the counted points
 * that the newer one does not say.
 */
const compare = (
  before: readonly Stated[],
  now: readonly Stated[],
): Readonly<Record<'kept' | 'added' | 'gone', readonly Stated[]>> => {
  const left = new Map<string, Stated[]>()
  for (const point of before) {
    const same = left.get(identityOf(point))
    if (same === undefined) left.set(identityOf(point), [point])
    else same.push(point)
  }
  const kept: Stated[] = []
  const added: Stated[] = []
  for (const point of now) {
    const known = left.get(identityOf(point))?.pop()
    if (known === undefined) added.push(point)
    else kept.push(known)
  }
  return { kept, added, gone: [...left.values()].flat().filter(({ isCounted }) => isCounted) }
}

const identityOf = ({ metric, value, at, dimensions }: Stated): string => `${metric} ${value} ${at} ${dimensions}`

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
